// What may stand in an HTTP header (RFC 9110, 5), and how lists in it are read.
// Pure functions: callable from any thread.
#pragma once

#include <string_view>

namespace lwspool::ws {

// A method, field name, protocol or other name: one or more of the characters of a token.
bool isToken(std::string_view text);

// Safe to send or to have received as a field value: no control characters (CR, LF, NUL) but tab.
bool isFieldValue(std::string_view text);

// Without the blanks and tabs around it.
std::string_view trimmed(std::string_view text);

// ASCII letters count as equal in either case, nothing else does.
bool equalsIgnoringCase(std::string_view a, std::string_view b);

// Takes the first element off a comma-separated list; false when there is none left. Empty
// elements are passed over (RFC 9110, 5.6.1.2).
bool nextElement(std::string_view& list, std::string_view& element);

// Is there such a token in the list, in any case?
bool listContains(std::string_view list, std::string_view token);

}  // namespace lwspool::ws

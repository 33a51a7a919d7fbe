// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
// isUtf8 is pure; a Utf8Validator is owned by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lwspool::ws {

// A whole text.
bool isUtf8(const uint8_t* text, size_t size);

// A text that arrives in pieces, cut anywhere. Fails at the first byte that no continuation could
// make valid, so `E0 80` fails without waiting for a third byte.
class Utf8Validator {
 public:
  // false: the text so far is not valid and never will be; the validator is of no more use.
  bool feed(const uint8_t* piece, size_t size);

  // Does the text end between two characters? If so, another one may begin.
  bool complete() const { return missing_ == 0; }

 private:
  bool take(uint8_t byte);

  uint8_t missing_ = 0;  // continuation bytes still to come of the character at the cut
  uint8_t lowest_ = 0;   // what the next one of them may be
  uint8_t highest_ = 0;
};

}  // namespace lwspool::ws

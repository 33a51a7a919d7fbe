#include "response_parser.h"

#include <algorithm>
#include <cstring>

#include "http_field.h"

namespace lwspool::ws {
namespace {

constexpr std::string_view kProtocol = "HTTP/1.";

// Takes the first line off; without its CR LF.
std::string_view takeLine(std::string_view& lines) {
  const size_t end = lines.find("\r\n");
  const std::string_view line = lines.substr(0, end);
  lines.remove_prefix(end + 2);
  return line;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

ResponseParser::State ResponseParser::feed(const uint8_t* data, size_t size, size_t& consumed) {
  consumed = 0;
  while (state_ == State::needMore && consumed < size) {
    // Up to the end of the line, of the data or of what is allowed, whichever comes first: what
    // lies behind the head is not touched, so that each byte is looked at once.
    const uint8_t* const at = data + consumed;
    const size_t available = std::min(size - consumed, kMaxHead - head_.size());
    const void* const newline = std::memchr(at, '\n', available);
    const size_t taken = newline == nullptr
                             ? available
                             : static_cast<size_t>(static_cast<const uint8_t*>(newline) - at) + 1;
    const size_t before = head_.size();
    head_.append(reinterpret_cast<const char*>(at), taken);
    consumed += taken;
    const size_t begun = std::min(head_.size(), kProtocol.size());
    if (head_.compare(0, begun, kProtocol, 0, begun) != 0) return refuse("it is not HTTP/1");
    // Nothing else would ever end such a line.
    if (hasBareReturn(before)) return refuse("it has a line that ends without LF");
    if (newline != nullptr) {
      if (!head_.ends_with("\r\n")) return refuse("it has a line that ends without CR");
      if (head_.ends_with("\r\n\r\n")) {
        head_.resize(head_.size() - 2);
        return takeHead();
      }
    }
    if (head_.size() == kMaxHead) return refuse("its head is longer than 16 KiB");
  }
  return state_;
}

// Whether a CR is followed by something else than LF, in what was added from there on.
bool ResponseParser::hasBareReturn(size_t from) const {
  size_t at = head_.find('\r', from - std::min<size_t>(from, 1));
  while (at != std::string::npos && at + 1 < head_.size()) {
    if (head_[at + 1] != '\n') return true;
    at = head_.find('\r', at + 1);
  }
  return false;
}

ResponseParser::State ResponseParser::refuse(const char* problem) {
  problem_ = problem;
  return state_ = State::malformed;
}

ResponseParser::State ResponseParser::takeHead() {
  std::string_view lines = head_;
  if (!takeStatusLine(takeLine(lines))) return refuse("it has a bad status line");
  fieldsAt_ = head_.size() - lines.size();
  while (!lines.empty()) {
    // A blank is no character of a token: this also refuses folded lines.
    const std::string_view line = takeLine(lines);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !isToken(line.substr(0, colon))) {
      return refuse("it has a bad header field name");
    }
    if (!isFieldValue(line.substr(colon + 1))) return refuse("it has a bad header field value");
  }
  return state_ = State::complete;
}

// "HTTP/1.1 101 Switching Protocols", with any phrase or none.
bool ResponseParser::takeStatusLine(std::string_view line) {
  const std::string_view rest = line.substr(std::min(line.size(), kProtocol.size()));
  if (rest.size() < 5 || !isDigit(rest[0]) || rest[1] != ' ' || !isFieldValue(rest)) return false;
  if (!std::all_of(rest.begin() + 2, rest.begin() + 5, isDigit) || rest[2] == '0') return false;
  if (rest.size() > 5 && rest[5] != ' ') return false;
  status_ = static_cast<uint16_t>((rest[2] - '0') * 100 + (rest[3] - '0') * 10 + (rest[4] - '0'));
  return true;
}

std::string_view ResponseParser::phrase() const {
  constexpr size_t kBefore = kProtocol.size() + 5;  // "1 101", and then a blank
  std::string_view lines = head_;
  const std::string_view line = takeLine(lines);
  return line.size() > kBefore ? trimmed(line.substr(kBefore + 1)) : std::string_view();
}

std::string ResponseParser::field(std::string_view name) const {
  std::string values;
  for (std::string_view lines = fields(); !lines.empty();) {
    const std::string_view line = takeLine(lines);
    const size_t colon = line.find(':');
    if (!equalsIgnoringCase(line.substr(0, colon), name)) continue;
    if (!values.empty()) values += ", ";
    values += trimmed(line.substr(colon + 1));
  }
  return values;
}

}  // namespace lwspool::ws

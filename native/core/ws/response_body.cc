#include "response_body.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "http_field.h"
#include "response_parser.h"

namespace lwspool::ws {
namespace {

// False where there is no number, or something behind it.
bool readNumber(std::string_view text, int base, uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

// One length, or the same one several times (RFC 9110, 8.6). False: there is none that can be used.
bool readLength(std::string_view field, uint64_t& out) {
  std::string_view element;
  std::string_view first;
  while (nextElement(field, element)) {
    if (first.empty()) first = element;
    if (element != first) return false;
  }
  return readNumber(first, 10, out);
}

}  // namespace

ResponseBody::ResponseBody(const ResponseParser& head) {
  const unsigned status = head.status();
  const std::string coding = head.field("transfer-encoding");
  if (status < 200 || status == 204 || status == 304) {
    ended_ = true;
  } else if (!coding.empty()) {
    chunked_ = listContains(coding, "chunked");
    if (chunked_) left_ = 0;
  } else if (uint64_t length; readLength(head.field("content-length"), length)) {
    left_ = length;
    ended_ = length == 0;
  }
}

void ResponseBody::keep(const uint8_t* data, size_t size) {
  text_.append(reinterpret_cast<const char*>(data), std::min(size, kKept - text_.size()));
  if (text_.size() == kKept) ended_ = true;
}

void ResponseBody::feed(const uint8_t* data, size_t size) {
  while (size > 0 && !ended_) {
    size_t taken;
    if (!chunked_ || left_ > 0) {
      taken = static_cast<size_t>(std::min<uint64_t>(size, left_));
      keep(data, taken);
      left_ -= taken;
      if (left_ == 0) (chunked_ ? afterChunk_ : ended_) = true;
    } else {
      const void* const newline = std::memchr(data, '\n', size);
      taken = newline == nullptr
                  ? size
                  : static_cast<size_t>(static_cast<const uint8_t*>(newline) - data) + 1;
      line_.append(reinterpret_cast<const char*>(data), std::min(taken, kMaxChunkLine + 1));
      if (newline != nullptr || line_.size() > kMaxChunkLine) takeChunkLine();
    }
    data += taken;
    size -= taken;
  }
}

// "size[;extensions]", or nothing, behind a chunk. What is no such line ends the body.
void ResponseBody::takeChunkLine() {
  const std::string line = std::exchange(line_, {});
  const std::string_view number =
      trimmed(std::string_view(line).substr(0, line.find_first_of(";\r\n")));
  if (std::exchange(afterChunk_, false) && number.empty()) return;
  if (!readNumber(number, 16, left_) || left_ == 0) ended_ = true;
}

}  // namespace lwspool::ws

// Client: the head of the server's answer to the opening request (RFC 9112, 4 and 5), read strictly
// and within limits from bytes as they arrive. Owned by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lwspool::ws {

class ResponseParser {
 public:
  enum class State : uint8_t { needMore, malformed, complete };

  static constexpr size_t kMaxHead = 16 * 1024;  // bytes, status line included

  // Takes the next bytes and says where the answer stands. `consumed` of them belonged to its head.
  // Once decided, takes nothing more.
  State feed(const uint8_t* data, size_t size, size_t& consumed);

  // After `malformed`: what is wrong with it.
  const char* problem() const { return problem_; }
  // After `complete`, as all that follows.
  uint16_t status() const { return status_; }
  // The phrase behind the status; often empty.
  std::string_view phrase() const;
  // The lines of its fields as they came, each with CR LF.
  std::string_view fields() const { return std::string_view(head_).substr(fieldsAt_); }
  // All values of the fields of that name, joined with commas; empty: absent.
  std::string field(std::string_view name) const;

 private:
  State refuse(const char* problem);
  State takeHead();
  bool takeStatusLine(std::string_view line);
  bool hasBareReturn(size_t from) const;

  State state_ = State::needMore;
  const char* problem_ = "";
  std::string head_;  // without the blank line at its end
  size_t fieldsAt_ = 0;
  uint16_t status_ = 0;
};

}  // namespace lwspool::ws

// Server: the client's opening request (RFC 6455, 4.2.1), read strictly and within limits from
// bytes as they arrive. One per connection until it is accepted; owned by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lwspool::ws {

struct UpgradeRequest {
  std::string target;  // path and query; of a target in absolute form what follows the authority
  std::string host;
  std::string origin;  // empty: not a browser
  std::string key;
  std::vector<std::string> protocols;  // in the client's order, no two the same
  std::string extensions;              // all of Sec-WebSocket-Extensions, for answerOf
};

// For makeRefusal.
struct Refusal {
  uint16_t status = 0;
  const char* text = "";
};

class RequestParser {
 public:
  enum class State : uint8_t { needMore, refused, accepted };

  static constexpr size_t kMaxRequestLine = 8 * 1024;
  static constexpr size_t kMaxHead = 16 * 1024;  // request line included
  static constexpr size_t kMaxFields = 100;

  RequestParser() = default;
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes the next bytes and says where the request stands. `consumed` of them belonged to it:
  // after `accepted` the others are the first frames. Once decided, takes nothing more.
  State feed(const uint8_t* data, size_t size, size_t& consumed);

  // After `accepted`; may be moved from.
  UpgradeRequest& request() { return request_; }
  // After `refused`.
  const Refusal& refusal() const { return refusal_; }

 private:
  State refuse(uint16_t status, const char* text);
  State takeLine();
  State takeRequestLine(std::string_view line);
  State takeField(std::string_view line);
  State takeProtocols(std::string_view list);
  State finish();
  State setOnce(std::string& field, bool& seen, std::string_view value);

  State state_ = State::needMore;
  bool requestLineSeen_ = false;
  bool hostSeen_ = false;
  bool originSeen_ = false;
  bool keySeen_ = false;
  bool versionSeen_ = false;
  size_t headSize_ = 0;  // bytes taken so far
  size_t fields_ = 0;    // how many
  std::string line_;     // the unfinished one
  std::string upgrade_;  // all values of Upgrade
  std::string connection_;
  std::string version_;
  UpgradeRequest request_;
  Refusal refusal_;
};

}  // namespace lwspool::ws

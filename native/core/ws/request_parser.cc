#include "request_parser.h"

#include <algorithm>
#include <cstring>

#include "handshake.h"
#include "http_field.h"

namespace lwspool::ws {
namespace {

// Adds another field of the same name to a list.
void join(std::string& list, std::string_view more) {
  if (!list.empty()) list += ", ";
  list += more;
}

// Visible ASCII, and none of these.
bool isVisibleWithout(std::string_view text, std::string_view excluded) {
  return std::all_of(text.begin(), text.end(), [excluded](char c) {
    return c > 0x20 && c < 0x7F && excluded.find(c) == std::string_view::npos;
  });
}

bool startsIgnoringCase(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && equalsIgnoringCase(text.substr(0, start.size()), start);
}

// Path and query of a request target in origin or absolute form; empty when it is neither.
std::string resourceName(std::string_view target) {
  if (!isVisibleWithout(target, "#")) return {};
  if (target.starts_with('/')) return std::string(target);
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!startsIgnoringCase(target, scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = std::min(target.find_first_of("/?"), target.size());
    if (end == 0) return {};
    target.remove_prefix(end);
    std::string path(target.starts_with('/') ? "" : "/");
    return path.append(target);
  }
  return {};
}

}  // namespace

RequestParser::State RequestParser::feed(const uint8_t* data, size_t size, size_t& consumed) {
  consumed = 0;
  while (state_ == State::needMore && consumed < size) {
    // Up to the end of the line, of the data or of what is allowed, whichever comes first.
    const uint8_t* const at = data + consumed;
    size_t most = kMaxHead - headSize_;
    if (!requestLineSeen_) most = std::min(most, kMaxRequestLine + 2 - line_.size());
    const size_t available = std::min(size - consumed, most);
    if (available == 0) {
      return state_ = requestLineSeen_ ? refuse(431, "request head is too long")
                                       : refuse(414, "request line is too long");
    }
    const void* const newline = std::memchr(at, '\n', available);
    const size_t taken = newline == nullptr
                             ? available
                             : static_cast<size_t>(static_cast<const uint8_t*>(newline) - at) + 1;
    line_.append(reinterpret_cast<const char*>(at), taken);
    headSize_ += taken;
    consumed += taken;
    if (newline != nullptr) state_ = takeLine();
  }
  return state_;
}

RequestParser::State RequestParser::refuse(uint16_t status, const char* text) {
  refusal_ = {status, text};
  return State::refused;
}

RequestParser::State RequestParser::takeLine() {
  std::string_view line = line_;
  if (!line.ends_with("\r\n")) return refuse(400, "line ends without CR");
  line.remove_suffix(2);
  State state;
  if (!requestLineSeen_) {
    state = takeRequestLine(line);
    requestLineSeen_ = true;
  } else {
    state = line.empty() ? finish() : takeField(line);
  }
  line_.clear();
  return state;
}

RequestParser::State RequestParser::takeRequestLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400, "bad request line");
  const std::string_view method = line.substr(0, first);
  const std::string_view version = line.substr(last + 1);
  if (!isToken(method)) return refuse(400, "bad method");
  const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() != 8 || !version.starts_with("HTTP/") || !isDigit(version[5]) ||
      version[6] != '.' || !isDigit(version[7])) {
    return refuse(400, "bad HTTP version");
  }
  if (version != "HTTP/1.1") return refuse(505, "only HTTP/1.1 is spoken here");
  if (method != "GET") return refuse(405, "the method must be GET");
  request_.target = resourceName(line.substr(first + 1, last - first - 1));
  return request_.target.empty() ? refuse(400, "bad request target") : State::needMore;
}

RequestParser::State RequestParser::takeField(std::string_view line) {
  if (++fields_ > kMaxFields) return refuse(431, "too many header fields");
  // A blank is no character of a token: this also refuses folded lines and blanks before the colon.
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !isToken(line.substr(0, colon))) {
    return refuse(400, "bad header field name");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!isFieldValue(value)) return refuse(400, "bad header field value");

  const auto is = [name](std::string_view other) { return equalsIgnoringCase(name, other); };
  if (is("host")) return setOnce(request_.host, hostSeen_, value);
  if (is("origin")) return setOnce(request_.origin, originSeen_, value);
  if (is("sec-websocket-key")) return setOnce(request_.key, keySeen_, value);
  if (is("sec-websocket-version")) return setOnce(version_, versionSeen_, value);
  if (is("sec-websocket-protocol")) return takeProtocols(value);
  if (is("sec-websocket-extensions")) join(request_.extensions, value);
  if (is("upgrade")) join(upgrade_, value);
  if (is("connection")) join(connection_, value);
  if (is("content-length") || is("transfer-encoding")) return refuse(400, "unexpected body");
  return State::needMore;
}

RequestParser::State RequestParser::setOnce(std::string& field, bool& seen,
                                            std::string_view value) {
  if (seen) return refuse(400, "header field given twice");
  seen = true;
  field = value;
  return State::needMore;
}

RequestParser::State RequestParser::takeProtocols(std::string_view list) {
  std::string_view element;
  while (nextElement(list, element)) {
    if (!isToken(element)) return refuse(400, "bad Sec-WebSocket-Protocol");
    request_.protocols.emplace_back(element);
  }
  return State::needMore;
}

// The head is complete: is it an opening handshake?
RequestParser::State RequestParser::finish() {
  if (!hostSeen_ || request_.host.empty() || !isVisibleWithout(request_.host, "/\\?#@,")) {
    return refuse(400, "bad or missing Host");
  }
  if (upgrade_.empty()) return refuse(426, "this is a WebSocket server");
  if (!listContains(upgrade_, "websocket")) return refuse(400, "bad Upgrade");
  if (!listContains(connection_, "upgrade")) return refuse(400, "bad or missing Connection");
  if (version_ != "13") return refuse(426, "the version must be 13");
  if (!isKey(request_.key)) return refuse(400, "bad or missing Sec-WebSocket-Key");
  std::vector<std::string_view> sorted(request_.protocols.begin(), request_.protocols.end());
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    return refuse(400, "protocol offered twice");
  }
  return State::accepted;
}

}  // namespace lwspool::ws

// Client: the body of an answer that is no upgrade (RFC 9112, 6.3 and 7.1), of which the beginning
// goes into the error. Owned by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace lwspool::ws {

class ResponseParser;

class ResponseBody {
 public:
  static constexpr size_t kKept = 1024;  // bytes

  // Of an answer whose head is complete.
  explicit ResponseBody(const ResponseParser& head);

  // Takes the next bytes.
  void feed(const uint8_t* data, size_t size);
  // It has come to its end, or as much of it is there as is kept.
  bool ended() const { return ended_; }
  const std::string& text() const { return text_; }

 private:
  void keep(const uint8_t* data, size_t size);
  void takeChunkLine();

  static constexpr size_t kMaxChunkLine = 256;

  bool ended_ = false;
  bool chunked_ = false;
  bool afterChunk_ = false;     // the line end behind its data comes next
  uint64_t left_ = UINT64_MAX;  // bytes, of the body or of the chunk; at most: until the peer ends
  std::string line_;            // that says how long a chunk is, unfinished
  std::string text_;
};

}  // namespace lwspool::ws

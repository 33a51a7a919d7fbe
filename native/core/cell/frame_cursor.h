// Follows the frames that a client writes (RFC 6455, 5.2), to know where its stream stands. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../ws/frame_header.h"

namespace lwspool {

class FrameCursor {
 public:
  // `encodes`: RSV1 may be set, on the first frame of a message.
  void feed(const uint8_t* data, size_t size, bool encodes);

  // All that was fed were whole frames and whole messages, as a client may send them.
  bool whole() const { return !broken_ && headerSize_ == 0 && remaining_ == 0 && !midMessage_; }
  bool closeSent() const { return closeSent_; }
  // A message was encoded.
  bool encoded() const { return encoded_; }

 private:
  void begin(const ws::FrameHeader&);

  bool broken_ = false;
  bool midMessage_ = false;
  bool closeSent_ = false;
  bool encoded_ = false;
  uint8_t headerSize_ = 0;  // bytes of an unfinished header
  uint8_t header_[ws::kMaxHeaderSize];
  uint64_t remaining_ = 0;  // of the payload
};

}  // namespace lwspool

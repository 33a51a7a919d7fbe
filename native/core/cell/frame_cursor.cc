#include "frame_cursor.h"

#include <algorithm>
#include <cstring>

namespace lwspool {

void FrameCursor::feed(const uint8_t* data, size_t size, bool encodes) {
  while (size > 0 && !broken_) {
    if (remaining_ > 0) {
      const auto payload = static_cast<size_t>(std::min<uint64_t>(remaining_, size));
      remaining_ -= payload;
      data += payload;
      size -= payload;
      continue;
    }
    // Byte by byte: headers are short, and holders write few of them.
    header_[headerSize_++] = *data++;
    size--;
    ws::FrameHeader header;
    if (ws::parseHeader(header_, headerSize_, ws::Role::server, encodes, header) != nullptr) {
      broken_ = true;
    } else if (header.size != 0) {
      begin(header);
    }
  }
}

void FrameCursor::begin(const ws::FrameHeader& header) {
  headerSize_ = 0;
  remaining_ = header.length;
  // Nothing may follow a close frame, and fragments must follow each other.
  const bool continues = header.opcode == ws::Opcode::continuation;
  encoded_ = encoded_ || header.rsv1;
  if (closeSent_ || (continues && header.rsv1) ||
      (!ws::isControl(header.opcode) && continues != midMessage_)) {
    broken_ = true;
  } else if (ws::isControl(header.opcode)) {
    closeSent_ = header.opcode == ws::Opcode::close;
  } else {
    midMessage_ = !header.fin;
  }
}

}  // namespace lwspool

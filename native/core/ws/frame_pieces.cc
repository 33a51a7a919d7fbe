#include "frame_pieces.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "frame_encoder.h"

namespace lwspool::ws {

FramePieces::FramePieces(Role role, Opcode opcode, const uint8_t* payload, size_t size,
                         MaskSource* masks, uint8_t first)
    : payload_(payload), size_(size), masked_(role == Role::client) {
  if (masked_) key_ = masks->next();
  headerLeft_ = encodeHeader(header_, opcode, (first & kFin) != 0, size, first & kRsv1,
                             masked_ ? &key_ : nullptr);
}

size_t FramePieces::next(uint8_t* out, size_t room) {
  assert(room >= headerLeft_);
  const size_t header = std::exchange(headerLeft_, 0);
  std::memcpy(out, header_, header);
  const size_t size = std::min(room - header, size_ - at_);
  if (size == 0) return header;
  if (masked_) {
    maskCopy(out + header, payload_ + at_, size, key_, at_);
  } else {
    std::memcpy(out + header, payload_ + at_, size);
  }
  at_ += size;
  return header + size;
}

}  // namespace lwspool::ws

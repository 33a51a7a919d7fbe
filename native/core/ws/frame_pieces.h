// A frame that is written piece by piece: what a large one needs at a time stays in the cache.
// Owned by one thread; the payload must not change before the last piece.
#pragma once

#include <cstddef>
#include <cstdint>

#include "frame.h"
#include "mask.h"

namespace lwspool::ws {

class FramePieces {
 public:
  // Masked with a fresh key in the client role; `masks` may be nullptr for a server. `first`: FIN
  // and RSV1, as they stand in the first byte.
  FramePieces(Role role, Opcode opcode, const uint8_t* payload, size_t size, MaskSource* masks,
              uint8_t first = kFin);

  // Bytes not written yet.
  size_t left() const { return headerLeft_ + size_ - at_; }

  // Those of them that are the header's.
  size_t header() const { return headerLeft_; }

  // Writes what comes next, as much as there is room for: that of a header at the first call.
  // Returns how much.
  size_t next(uint8_t* out, size_t room);

 private:
  uint8_t header_[kMaxHeaderSize];
  size_t headerLeft_;
  const uint8_t* const payload_;
  const size_t size_;
  size_t at_ = 0;  // of the payload
  const bool masked_;
  uint32_t key_ = 0;
};

}  // namespace lwspool::ws

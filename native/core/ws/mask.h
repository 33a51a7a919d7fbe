// Masking of client frames (RFC 6455, 5.3). The functions are pure; a MaskSource is owned by one
// thread at a time: one per worker, not one per connection and not a global.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "random.h"

namespace lwspool::ws {

// A masking key is the four bytes of the wire as they lie in memory, whatever the byte order of
// the machine; `phase` is the position in the payload of the first byte handed in.

// dst[i] = src[i] ^ key byte (phase + i) mod 4. The ranges must not overlap.
void maskCopy(uint8_t* dst, const uint8_t* src, size_t size, uint32_t key, size_t phase = 0);

// The same where the bytes lie.
void maskInPlace(uint8_t* data, size_t size, uint32_t key, size_t phase = 0);

// Fresh masking keys, made a block at a time.
class MaskSource {
 public:
  MaskSource() = default;
  MaskSource(const MaskSource&) = delete;
  MaskSource& operator=(const MaskSource&) = delete;

  uint32_t next() {
    if (used_ == block_.size()) refill();
    uint32_t key;
    std::memcpy(&key, block_.data() + used_, sizeof key);
    used_ += sizeof key;
    return key;
  }

 private:
  void refill();

  size_t used_ = 4096;  // of block_; all, so that the first key reads the first block
  std::array<uint8_t, 4096> block_;
};

}  // namespace lwspool::ws

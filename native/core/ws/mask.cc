#include "mask.h"

#include <bit>

namespace lwspool::ws {
namespace {

// The key as it applies from `phase` on, twice, to XOR eight bytes at a time. Eight is a multiple
// of four: the pattern is the same for every word.
uint64_t patternAt(uint32_t key, size_t phase) {
  const int turn = static_cast<int>(phase & 3) * 8;
  key = std::endian::native == std::endian::little ? std::rotr(key, turn) : std::rotl(key, turn);
  return static_cast<uint64_t>(key) << 32 | key;
}

// One loop for both uses: with `dst == src` each word is read before it is written. Unrolled to
// 64 bytes, which the compiler turns into vector loads and stores.
inline __attribute__((always_inline)) void apply(uint8_t* dst, const uint8_t* src, size_t size,
                                                 uint64_t pattern) {
  while (size >= 64) {
    uint64_t words[8];
    std::memcpy(words, src, 64);
    for (uint64_t& word : words) word ^= pattern;
    std::memcpy(dst, words, 64);
    src += 64, dst += 64, size -= 64;
  }
  while (size >= 8) {
    uint64_t word;
    std::memcpy(&word, src, 8);
    word ^= pattern;
    std::memcpy(dst, &word, 8);
    src += 8, dst += 8, size -= 8;
  }
  uint8_t key[8];
  std::memcpy(key, &pattern, 8);
  for (size_t i = 0; i < size; ++i) dst[i] = src[i] ^ key[i];
}

}  // namespace

void maskCopy(uint8_t* __restrict dst, const uint8_t* __restrict src, size_t size, uint32_t key,
              size_t phase) {
  apply(dst, src, size, patternAt(key, phase));
}

void maskInPlace(uint8_t* data, size_t size, uint32_t key, size_t phase) {
  apply(data, data, size, patternAt(key, phase));
}

void MaskSource::refill() {
  fillRandom(block_.data(), block_.size());
  used_ = 0;
}

}  // namespace lwspool::ws

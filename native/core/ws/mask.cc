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

// As wide as an x86 machine with AVX2 has them; elsewhere the compiler makes two of it.
using Vector __attribute__((vector_size(32))) = uint64_t;

// One loop for both uses: with `dst == src` each word is read before it is written.
inline __attribute__((always_inline)) void apply(uint8_t* dst, const uint8_t* src, size_t size,
                                                 uint64_t pattern) {
  const Vector wide = {pattern, pattern, pattern, pattern};
  while (size >= sizeof wide) {
    Vector vector;
    std::memcpy(&vector, src, sizeof vector);
    vector ^= wide;
    std::memcpy(dst, &vector, sizeof vector);
    src += sizeof vector, dst += sizeof vector, size -= sizeof vector;
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

#if defined(__x86_64__)
// What we are compiled for has vectors half as wide.
#define LWSPOOL_WIDE __attribute__((target("avx2")))
bool isWide() { return __builtin_cpu_supports("avx2"); }
#else
#define LWSPOOL_WIDE
bool isWide() { return false; }
#endif

// From so many bytes on it pays to ask.
constexpr size_t kLong = 1024;

LWSPOOL_WIDE void applyWide(uint8_t* dst, const uint8_t* src, size_t size, uint64_t pattern) {
  apply(dst, src, size, pattern);
}

void applyAny(uint8_t* dst, const uint8_t* src, size_t size, uint64_t pattern) {
  if (size >= kLong && isWide()) return applyWide(dst, src, size, pattern);
  apply(dst, src, size, pattern);
}

}  // namespace

void maskCopy(uint8_t* __restrict dst, const uint8_t* __restrict src, size_t size, uint32_t key,
              size_t phase) {
  applyAny(dst, src, size, patternAt(key, phase));
}

void maskInPlace(uint8_t* data, size_t size, uint32_t key, size_t phase) {
  applyAny(data, data, size, patternAt(key, phase));
}

void MaskSource::refill() {
  fillRandom(block_.data(), block_.size());
  used_ = 0;
}

}  // namespace lwspool::ws

// Sixteen bytes at a time: the few operations on which SSSE3 and NEON differ, for utf8_blocks.cc.
// LWSPOOL_VECTOR is defined where there are any, and marks the functions that use them.
// Pure functions: callable from any thread.
#pragma once

#include <cstdint>

#if defined(__x86_64__)

#include <immintrin.h>

#define LWSPOOL_VECTOR __attribute__((target("ssse3")))
#define LWSPOOL_VECTOR_INLINE __attribute__((target("ssse3"), always_inline)) inline

namespace lwspool::ws::vector {

using Vector = __m128i;

// Every x86 machine of the last fifteen years; the baseline that we are compiled for is older.
inline bool available() { return __builtin_cpu_supports("ssse3"); }

LWSPOOL_VECTOR_INLINE Vector load(const uint8_t* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
LWSPOOL_VECTOR_INLINE Vector all(uint8_t n) { return _mm_set1_epi8(static_cast<char>(n)); }
LWSPOOL_VECTOR_INLINE Vector lowNibbles(Vector v) { return _mm_and_si128(v, all(0x0F)); }
LWSPOOL_VECTOR_INLINE Vector highNibbles(Vector v) { return lowNibbles(_mm_srli_epi16(v, 4)); }
LWSPOOL_VECTOR_INLINE Vector lookUp(Vector table, Vector nibbles) {
  return _mm_shuffle_epi8(table, nibbles);
}
// v - n, or 0 where that would be negative.
LWSPOOL_VECTOR_INLINE Vector less(Vector v, uint8_t n) { return _mm_subs_epu8(v, all(n)); }
// Each byte's neighbour n places before it; the first ones have theirs at the end of `before`.
template <int n>
LWSPOOL_VECTOR_INLINE Vector earlier(Vector v, Vector before) {
  return _mm_alignr_epi8(v, before, 16 - n);
}
LWSPOOL_VECTOR_INLINE bool anyHighBit(Vector v) { return _mm_movemask_epi8(v) != 0; }
LWSPOOL_VECTOR_INLINE bool anyBit(Vector v) {
  return _mm_movemask_epi8(_mm_cmpeq_epi8(v, all(0))) != 0xFFFF;
}

}  // namespace lwspool::ws::vector

#elif defined(__aarch64__)

#include <arm_neon.h>

#define LWSPOOL_VECTOR
#define LWSPOOL_VECTOR_INLINE __attribute__((always_inline)) inline

namespace lwspool::ws::vector {

using Vector = uint8x16_t;

inline bool available() { return true; }
LWSPOOL_VECTOR_INLINE Vector load(const uint8_t* at) { return vld1q_u8(at); }
LWSPOOL_VECTOR_INLINE Vector all(uint8_t n) { return vdupq_n_u8(n); }
LWSPOOL_VECTOR_INLINE Vector lowNibbles(Vector v) { return vandq_u8(v, all(0x0F)); }
LWSPOOL_VECTOR_INLINE Vector highNibbles(Vector v) { return vshrq_n_u8(v, 4); }
LWSPOOL_VECTOR_INLINE Vector lookUp(Vector table, Vector nibbles) {
  return vqtbl1q_u8(table, nibbles);
}
LWSPOOL_VECTOR_INLINE Vector less(Vector v, uint8_t n) { return vqsubq_u8(v, all(n)); }
template <int n>
LWSPOOL_VECTOR_INLINE Vector earlier(Vector v, Vector before) {
  return vextq_u8(before, v, 16 - n);
}
LWSPOOL_VECTOR_INLINE bool anyHighBit(Vector v) { return vmaxvq_u8(v) >= 0x80; }
LWSPOOL_VECTOR_INLINE bool anyBit(Vector v) { return vmaxvq_u8(v) != 0; }

}  // namespace lwspool::ws::vector

#endif

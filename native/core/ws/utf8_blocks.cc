#include "utf8_blocks.h"

#include "vector16.h"

namespace lwspool::ws {

#ifdef LWSPOOL_VECTOR

namespace {

using namespace vector;

// What can be wrong with two neighbouring bytes. Of each nibble (the first byte's two and the
// second's high one) a table says which errors it still allows; those on which all three agree are
// there.
enum Error : uint8_t {
  kTooShort = 1 << 0,   // no continuation after a first byte
  kTooLong = 1 << 1,    // a continuation after ASCII
  kOverlong3 = 1 << 2,  // E0 80-9F
  kTooLarge = 1 << 3,   // F4 90-BF, F5-FF 90-BF
  kSurrogate = 1 << 4,  // ED A0-BF
  kOverlong2 = 1 << 5,  // C0, C1
  kOverlong4 = 1 << 6,  // F0 80-8F
  kTooLarge8 = 1 << 6,  // F5-FF 80-8F: told from the one before by the low nibble
  kTwoConts = 1 << 7,   // two continuations: right where a third or fourth byte is due
};

constexpr uint8_t firstHigh(int nibble) {
  if (nibble < 0x8) return kTooLong;
  if (nibble < 0xC) return kTwoConts;
  if (nibble == 0xC) return kTooShort | kOverlong2;
  if (nibble == 0xD) return kTooShort;
  if (nibble == 0xE) return kTooShort | kOverlong3 | kSurrogate;
  return kTooShort | kTooLarge | kTooLarge8 | kOverlong4;
}

constexpr uint8_t firstLow(int nibble) {
  constexpr uint8_t kAny = kTooShort | kTooLong | kTwoConts;  // whatever the low nibble is
  if (nibble == 0x0) return kAny | kOverlong2 | kOverlong3 | kOverlong4;
  if (nibble == 0x1) return kAny | kOverlong2;
  if (nibble < 0x4) return kAny;
  if (nibble == 0x4) return kAny | kTooLarge;
  if (nibble == 0xD) return kAny | kTooLarge | kTooLarge8 | kSurrogate;
  return kAny | kTooLarge | kTooLarge8;
}

constexpr uint8_t secondHigh(int nibble) {
  constexpr uint8_t kAny = kTooLong | kTwoConts | kOverlong2;  // whichever continuation it is
  if (nibble < 0x8 || nibble > 0xB) return kTooShort;
  if (nibble == 0x8) return kAny | kOverlong3 | kOverlong4 | kTooLarge8;
  if (nibble == 0x9) return kAny | kOverlong3 | kTooLarge;
  return kAny | kSurrogate | kTooLarge;
}

struct Table {
  explicit constexpr Table(uint8_t (*errors)(int)) {
    for (int nibble = 0; nibble < 16; ++nibble) allowed[nibble] = errors(nibble);
  }
  uint8_t allowed[16] = {};
};
constexpr Table kFirstHigh(firstHigh);
constexpr Table kFirstLow(firstLow);
constexpr Table kSecondHigh(secondHigh);

// Not zero where `v`, which follows `before`, is wrong.
LWSPOOL_VECTOR_INLINE Vector errorsIn(Vector v, Vector before) {
  const Vector first = earlier<1>(v, before);
  const Vector pairs = lookUp(load(kFirstHigh.allowed), highNibbles(first)) &
                       lookUp(load(kFirstLow.allowed), lowNibbles(first)) &
                       lookUp(load(kSecondHigh.allowed), highNibbles(v));
  // The high bit is set where a third or fourth byte is due: kTwoConts must be there, and only
  // there.
  const Vector third = less(earlier<2>(v, before), 0xE0 - 0x80);
  const Vector fourth = less(earlier<3>(v, before), 0xF0 - 0x80);
  return ((third | fourth) & all(0x80)) ^ pairs;
}

// The start of the character that the byte before `at` belongs to, if it goes on past `at`.
const uint8_t* characterStart(const uint8_t* at, const uint8_t* begin) {
  if (at - begin >= 1 && at[-1] >= 0xC0) return at - 1;
  if (at - begin >= 2 && at[-2] >= 0xE0) return at - 2;
  if (at - begin >= 3 && at[-3] >= 0xF0) return at - 3;
  return at;
}

LWSPOOL_VECTOR const uint8_t* skipVectors(const uint8_t* at, const uint8_t* end) {
  const uint8_t* const begin = at;
  Vector before = all(0);
  while (end - at >= 64) {
    const Vector a = load(at), b = load(at + 16), c = load(at + 32), d = load(at + 48);
    if (!anyHighBit(a | b | c | d)) break;
    if (anyBit(errorsIn(a, before) | errorsIn(b, a) | errorsIn(c, b) | errorsIn(d, c))) break;
    before = d;
    at += 64;
  }
  return characterStart(at, begin);
}

}  // namespace

const uint8_t* skipBlocks(const uint8_t* at, const uint8_t* end) {
  return available() ? skipVectors(at, end) : at;
}

#else

const uint8_t* skipBlocks(const uint8_t* at, const uint8_t* /*end*/) { return at; }

#endif

}  // namespace lwspool::ws

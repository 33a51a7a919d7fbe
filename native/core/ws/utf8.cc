#include "utf8.h"

#include <cstring>

#include "utf8_blocks.h"

namespace lwspool::ws {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080;

uint64_t word(const uint8_t* at) {
  uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

bool isContinuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// A character by its first byte: how many follow, and what the first of those may be. The second
// byte alone tells overlong forms, surrogates and what lies above U+10FFFF.
struct Lead {
  uint8_t following;  // 0: not a first byte (of a character outside ASCII)
  uint8_t lowest;
  uint8_t highest;
};

Lead leadOf(uint8_t byte) {
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {1, 0x80, 0xBF};
  if (byte < 0xF0) {
    return {2, byte == 0xE0 ? uint8_t{0xA0} : uint8_t{0x80},
            byte == 0xED ? uint8_t{0x9F} : uint8_t{0xBF}};
  }
  if (byte < 0xF5) {
    return {3, byte == 0xF0 ? uint8_t{0x90} : uint8_t{0x80},
            byte == 0xF4 ? uint8_t{0x8F} : uint8_t{0xBF}};
  }
  return {0, 0, 0};
}

const uint8_t* skipAscii(const uint8_t* at, const uint8_t* end) {
  while (end - at >= 64) {
    uint64_t any = 0;
    for (int i = 0; i < 8; ++i) any |= word(at + 8 * i);
    if (any & kHighBits) break;
    at += 64;
  }
  while (end - at >= 8 && !(word(at) & kHighBits)) at += 8;
  while (at != end && *at < 0x80) ++at;
  return at;
}

// Passes over valid characters; stops at the end, or before the first character that is cut off
// there or not valid.
const uint8_t* skipCharacters(const uint8_t* at, const uint8_t* end) {
  for (;;) {
    at = skipAscii(at, end);
    if (at == end) return at;
    if (end - at >= kWorthBlocks) {
      const uint8_t* const passed = skipBlocks(at, end);
      if (passed != at) {
        at = passed;
        continue;
      }
    }
    do {
      const Lead lead = leadOf(*at);
      if (lead.following == 0 || end - at <= lead.following) return at;
      if (at[1] < lead.lowest || at[1] > lead.highest) return at;
      if (lead.following > 1 && !isContinuation(at[2])) return at;
      if (lead.following > 2 && !isContinuation(at[3])) return at;
      at += 1 + lead.following;
    } while (at != end && *at >= 0x80);
  }
}

}  // namespace

bool isUtf8(const uint8_t* text, size_t size) {
  const uint8_t* const end = text + size;
  return skipCharacters(text, end) == end;
}

bool Utf8Validator::feed(const uint8_t* piece, size_t size) {
  const uint8_t* at = piece;
  const uint8_t* const end = piece + size;
  while (missing_ > 0 && at != end) {
    if (!take(*at++)) return false;
  }
  at = skipCharacters(at, end);
  // What is left is a character cut off by the end, or a wrong one: at most its first bytes.
  while (at != end) {
    if (!take(*at++)) return false;
  }
  return true;
}

bool Utf8Validator::take(uint8_t byte) {
  if (missing_ == 0) {
    if (byte < 0x80) return true;
    const Lead lead = leadOf(byte);
    missing_ = lead.following;
    lowest_ = lead.lowest;
    highest_ = lead.highest;
    return lead.following > 0;
  }
  if (byte < lowest_ || byte > highest_) return false;
  --missing_;
  lowest_ = 0x80;
  highest_ = 0xBF;
  return true;
}

}  // namespace lwspool::ws

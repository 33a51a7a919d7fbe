// The header of a frame (RFC 6455, 5.2), read in one piece. Pure: callable from any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "failure.h"
#include "frame.h"

namespace lwspool::ws {

struct FrameHeader {
  uint64_t length = 0;  // of the payload
  uint32_t key = 0;     // masking key as it lies in memory; 0 where frames are not masked
  uint8_t size = 0;     // of the header itself, 2 to 14
  Opcode opcode = Opcode::continuation;
  bool fin = false;
  bool rsv1 = false;
};

// A big-endian number, as all of them are on the wire.
template <class Number>
Number readNumber(const uint8_t* at) {
  Number value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::big) return value;
  if constexpr (sizeof value == 2) return __builtin_bswap16(value);
  return static_cast<Number>(__builtin_bswap64(value));
}

// Reads the header that starts at `at` and checks all that can be told from it alone. nullptr with
// header.size == 0: more bytes are needed (never when 14 are there).
inline const Failure* parseHeader(const uint8_t* at, size_t available, Role role, bool rsv1Allowed,
                                  FrameHeader& header) {
  header.size = 0;
  if (available < 2) return nullptr;
  const uint8_t first = at[0];
  const uint8_t second = at[1];
  if (first & (rsv1Allowed ? kRsv2 | kRsv3 : kRsv1 | kRsv2 | kRsv3)) [[unlikely]] {
    return &failure::reservedBits;
  }
  constexpr uint32_t kKnownOpcodes = 0b0000'0111'0000'0111;
  const uint8_t opcode = first & 0x0F;
  if (!(kKnownOpcodes >> opcode & 1)) [[unlikely]]
    return &failure::reservedOpcode;
  const bool server = role == Role::server;
  if (((second & kMask) != 0) != server) [[unlikely]] {
    return server ? &failure::unmaskedClientFrame : &failure::maskedServerFrame;
  }
  const uint8_t shortLength = second & 0x7F;
  header.opcode = static_cast<Opcode>(opcode);
  header.fin = (first & kFin) != 0;
  header.rsv1 = (first & kRsv1) != 0;
  if (isControl(header.opcode)) {
    if (!header.fin) [[unlikely]]
      return &failure::fragmentedControl;
    if (shortLength > kMaxControlPayload) [[unlikely]]
      return &failure::longControl;
    if (header.rsv1) [[unlikely]]
      return &failure::reservedBits;
  }

  const size_t lengthSize = shortLength < 126 ? 0 : shortLength == 126 ? 2 : 8;
  const size_t keySize = server ? 4 : 0;
  if (available < 2 + lengthSize + keySize) return nullptr;
  header.length = shortLength;
  if (shortLength == 126) {
    header.length = readNumber<uint16_t>(at + 2);
    if (header.length < 126) [[unlikely]]
      return &failure::longLength;
  } else if (shortLength == 127) {
    header.length = readNumber<uint64_t>(at + 2);
    if (header.length < 65536) [[unlikely]]
      return &failure::longLength;
    if (header.length >> 63) [[unlikely]]
      return &failure::hugeLength;
  }
  header.key = 0;
  if (server) std::memcpy(&header.key, at + 2 + lengthSize, sizeof header.key);
  header.size = static_cast<uint8_t>(2 + lengthSize + keySize);
  return nullptr;
}

}  // namespace lwspool::ws

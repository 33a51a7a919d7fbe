// The words of RFC 6455 that every part of the codec shares. Plain values: no thread rules.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lwspool::ws {

// Whose side we are: a client masks what it sends, a server expects masked frames.
enum class Role : uint8_t { client, server };

enum class Opcode : uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

constexpr bool isControl(Opcode opcode) { return (static_cast<uint8_t>(opcode) & 8) != 0; }

inline constexpr uint8_t kFin = 0x80;   // first byte of a frame
inline constexpr uint8_t kRsv1 = 0x40;  // first byte; belongs to the extension
inline constexpr uint8_t kRsv2 = 0x20;
inline constexpr uint8_t kRsv3 = 0x10;
inline constexpr uint8_t kMask = 0x80;  // second byte

inline constexpr size_t kMaxHeaderSize = 14;         // 2, a 64-bit length, a masking key
inline constexpr size_t kMaxControlPayload = 125;    // RFC 6455, 5.5
inline constexpr size_t kMaxCloseReason = 125 - 2;   // what the status code leaves of it
inline constexpr size_t kMaxControlFrame = 6 + 125;  // on the wire, masked

}  // namespace lwspool::ws

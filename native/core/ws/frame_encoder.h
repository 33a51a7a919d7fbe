// Frames out, written in one pass into memory that the caller has reserved. The functions keep no
// state and may run on any thread; a MaskSource belongs to the thread that uses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "close_code.h"
#include "frame.h"
#include "mask.h"

namespace lwspool::ws {

// Writes a header of 2 to 14 bytes and returns its size. `rsv` is kRsv1 for an encoded message;
// `key` points to the masking key, nullptr leaves the frame unmasked.
size_t encodeHeader(uint8_t out[kMaxHeaderSize], Opcode opcode, bool fin, uint64_t length,
                    uint8_t rsv = 0, const uint32_t* key = nullptr);

// Bytes that a frame with a payload of `size` bytes takes on the wire.
constexpr size_t frameSize(Role role, size_t size) {
  return 2 + (size < 126 ? 0 : size < 65536 ? 2 : 8) + (role == Role::client ? 4 : 0) + size;
}

// Writes header and payload, masked with a fresh key in the client role, and returns
// frameSize(role, size). `payload` must not overlap `out`; `masks` may be nullptr for a server.
// A control frame takes at most kMaxControlPayload bytes: that is the caller's to check.
size_t writeFrame(uint8_t* out, Role role, Opcode opcode, const uint8_t* payload, size_t size,
                  MaskSource* masks, bool fin = true, uint8_t rsv = 0);

// May an application close with this? The code as in isCloseCode; the reason at most 123 bytes of
// UTF-8.
bool maySendClose(uint16_t code, std::string_view reason);

// Writes a close frame, at most kMaxControlFrame bytes, and returns its size. Without a payload
// when the code is 1005. Anything else must have passed maySendClose.
size_t writeClose(uint8_t* out, Role role, uint16_t code, std::string_view reason,
                  MaskSource* masks);

}  // namespace lwspool::ws

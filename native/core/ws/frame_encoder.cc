#include "frame_encoder.h"

#include <bit>
#include <cassert>
#include <cstring>

#include "utf8.h"

namespace lwspool::ws {
namespace {

template <class Number>
void writeNumber(uint8_t* out, Number value) {
  if constexpr (std::endian::native == std::endian::little) {
    value = sizeof value == 2 ? static_cast<Number>(__builtin_bswap16(static_cast<uint16_t>(value)))
                              : static_cast<Number>(__builtin_bswap64(value));
  }
  std::memcpy(out, &value, sizeof value);
}

}  // namespace

size_t encodeHeader(uint8_t out[kMaxHeaderSize], Opcode opcode, bool fin, uint64_t length,
                    uint8_t rsv, const uint32_t* key) {
  out[0] = static_cast<uint8_t>((fin ? kFin : 0) | rsv | static_cast<uint8_t>(opcode));
  const uint8_t masked = key != nullptr ? kMask : 0;
  size_t size = 2;
  if (length < 126) {
    out[1] = static_cast<uint8_t>(masked | length);
  } else if (length < 65536) {
    out[1] = masked | 126;
    writeNumber(out + 2, static_cast<uint16_t>(length));
    size = 4;
  } else {
    out[1] = masked | 127;
    writeNumber(out + 2, length);
    size = 10;
  }
  if (key == nullptr) return size;
  std::memcpy(out + size, key, sizeof *key);
  return size + sizeof *key;
}

size_t writeFrame(uint8_t* out, Role role, Opcode opcode, const uint8_t* payload, size_t size,
                  MaskSource* masks, bool fin, uint8_t rsv) {
  assert(!isControl(opcode) || (fin && size <= kMaxControlPayload));
  if (role == Role::client) {
    const uint32_t key = masks->next();
    const size_t header = encodeHeader(out, opcode, fin, size, rsv, &key);
    maskCopy(out + header, payload, size, key);
    return header + size;
  }
  const size_t header = encodeHeader(out, opcode, fin, size, rsv);
  if (size > 0) std::memcpy(out + header, payload, size);
  return header + size;
}

bool maySendClose(uint16_t code, std::string_view reason) {
  return isCloseCode(code) && reason.size() <= kMaxCloseReason &&
         isUtf8(reinterpret_cast<const uint8_t*>(reason.data()), reason.size());
}

size_t writeClose(uint8_t* out, Role role, uint16_t code, std::string_view reason,
                  MaskSource* masks) {
  if (code == close_code::noStatus) {
    return writeFrame(out, role, Opcode::close, nullptr, 0, masks);
  }
  uint8_t payload[kMaxControlPayload];
  assert(reason.size() <= kMaxCloseReason);
  writeNumber(payload, code);
  if (!reason.empty()) std::memcpy(payload + 2, reason.data(), reason.size());
  return writeFrame(out, role, Opcode::close, payload, 2 + reason.size(), masks);
}

}  // namespace lwspool::ws

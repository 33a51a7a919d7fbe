// Reads the arguments of native methods, which src/ has checked already. JavaScript thread.
#pragma once

#include <napi.h>

#include <cstdint>

#include "../core/channel/record.h"

namespace lwspool {

inline uint32_t number(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Uint32Value();
}

inline ConnectionId connectionId(const Napi::CallbackInfo& info) {
  return {number(info, 0), number(info, 1)};
}

// Of submitLarge(type, flags, slot, generation, aux, payload), whose payload lies elsewhere.
inline Record largeRecord(const Napi::CallbackInfo& info) {
  return {0,
          static_cast<uint16_t>(number(info, 0)),
          static_cast<uint16_t>(number(info, 1)),
          number(info, 2),
          number(info, 3),
          static_cast<uint32_t>(info[5].As<Napi::Uint8Array>().ByteLength()),
          number(info, 4)};
}

}  // namespace lwspool

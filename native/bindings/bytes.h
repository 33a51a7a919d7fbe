// Bytes of native code as Buffers of their own. JavaScript thread.
#pragma once

#include <napi.h>

#include <string>

namespace lwspool {

inline Napi::Value bufferOf(Napi::Env env, const std::string& bytes) {
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

// Undefined where there are none.
inline Napi::Value bufferOrNone(Napi::Env env, const std::string& bytes) {
  return bytes.empty() ? env.Undefined() : bufferOf(env, bytes);
}

}  // namespace lwspool

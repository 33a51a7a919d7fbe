#include "message_memory.h"

namespace lwspool {

namespace {

// releaseMemory(view): frees the ArrayBuffer of a view that has all of it, now. What cannot be
// detached (memory of WebAssembly, or shared with other threads) is left as it is.
void releaseMemory(const Napi::CallbackInfo& info) {
  napi_value buffer;
  if (napi_get_typedarray_info(info.Env(), info[0], nullptr, nullptr, nullptr, &buffer, nullptr) ==
      napi_ok) {
    napi_detach_arraybuffer(info.Env(), buffer);
  }
}

}  // namespace

void MessageMemory::define(Napi::Env env, Napi::Object exports) {
  exports.Set("releaseMemory", Napi::Function::New(env, releaseMemory));
}

}  // namespace lwspool

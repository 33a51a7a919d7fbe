#include "message_memory.h"

#include <utility>

#include "../core/ws/spare_memory.h"
#include "addon_data.h"

namespace lwspool {

// What one ArrayBuffer has; it goes when V8 has done with that, which for a released one is later
// than its bytes went: then its memory is somebody else's already.
struct MessageMemory::Loan {
  const std::shared_ptr<MessageMemory> memory;  // may outlive the addon's data
  ws::Bytes bytes;                              // empty: given back

  void giveBack() {
    if (bytes.data() == nullptr) return;
    memory->loans_.erase(bytes.data());
    ws::SpareMemory::ofProcess().give(std::move(bytes));
  }
};

Napi::Value MessageMemory::bufferOf(Napi::Env env, ws::Bytes&& bytes) {
  const auto& memory = env.GetInstanceData<AddonData>()->messages;
  auto loan = std::make_unique<Loan>(Loan{memory, std::move(bytes)});
  uint8_t* const data = loan->bytes.data();
  const auto buffer = Napi::Buffer<uint8_t>::New(
      env, data, loan->bytes.size(),
      [](Napi::Env, uint8_t*, Loan* ended) {
        ended->giveBack();
        delete ended;
      },
      loan.get());
  memory->loans_.emplace(data, loan.release());
  return buffer;
}

// releaseMemory(view): detaches the ArrayBuffer of a view that has all of it, and takes the memory
// of a message back, now. What cannot be detached (memory of WebAssembly, or shared with other
// threads) is left as it is, and the memory of everything else is freed by V8.
void MessageMemory::release(const Napi::CallbackInfo& info) {
  void* data;
  napi_value buffer;
  if (napi_get_typedarray_info(info.Env(), info[0], nullptr, nullptr, &data, &buffer, nullptr) !=
          napi_ok ||
      napi_detach_arraybuffer(info.Env(), buffer) != napi_ok) {
    return;
  }
  const auto& loans = info.Env().GetInstanceData<AddonData>()->messages->loans_;
  if (const auto found = loans.find(data); found != loans.end()) found->second->giveBack();
}

void MessageMemory::define(Napi::Env env, Napi::Object exports) {
  exports.Set("releaseMemory", Napi::Function::New(env, release));
}

}  // namespace lwspool

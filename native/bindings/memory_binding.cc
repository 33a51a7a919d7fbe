#include "memory_binding.h"

#include "addon_data.h"
#include "arguments.h"
#include "bytes.h"

namespace lwspool {

MemoryBinding::MemoryBinding(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<MemoryBinding>(info),
      memory_(std::make_shared<bio::Memory>(number(info, 0))) {}

Napi::Value MemoryBinding::feed(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const size_t count = memory_->feed(bytes.Data(), bytes.ByteLength());
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

Napi::Value MemoryBinding::take(const Napi::CallbackInfo& info) {
  return bufferOf(info.Env(), memory_->take(number(info, 0)));
}

void MemoryBinding::end(const Napi::CallbackInfo&) { memory_->end(); }

Napi::Value MemoryBinding::pending(const Napi::CallbackInfo& info) {
  Napi::Array both = Napi::Array::New(info.Env(), 2);
  both.Set(0u, static_cast<double>(memory_->unread()));
  both.Set(1u, static_cast<double>(memory_->kept()));
  return both;
}

std::shared_ptr<bio::Layer> MemoryBinding::from(const Napi::Value& value) {
  auto& constructor = value.Env().GetInstanceData<AddonData>()->memory;
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(constructor.Value()))
    return nullptr;
  return Unwrap(value.As<Napi::Object>())->memory_;
}

void MemoryBinding::define(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor = DefineClass(
      env, "MemoryBio",
      {InstanceMethod<&MemoryBinding::feed>("feed"), InstanceMethod<&MemoryBinding::take>("take"),
       InstanceMethod<&MemoryBinding::end>("end"),
       InstanceMethod<&MemoryBinding::pending>("pending")});
  env.GetInstanceData<AddonData>()->memory = Napi::Persistent(constructor);
  exports.Set("MemoryBio", constructor);
}

}  // namespace lwspool

// JavaScript: new MemoryBio(limit), see bio::Memory. Belongs to the thread that made it.
#pragma once

#include <napi.h>

#include <memory>

#include "../core/bio/memory.h"

namespace lwspool {

class MemoryBinding : public Napi::ObjectWrap<MemoryBinding> {
 public:
  explicit MemoryBinding(const Napi::CallbackInfo&);
  static void define(Napi::Env, Napi::Object exports);
  // The layer behind an argument; null for anything else. JavaScript thread.
  static std::shared_ptr<bio::Layer> from(const Napi::Value&);

 private:
  // feed(bytes) -> how many there was room for
  Napi::Value feed(const Napi::CallbackInfo&);
  // take(most) -> Buffer
  Napi::Value take(const Napi::CallbackInfo&);
  void end(const Napi::CallbackInfo&);
  // pending() -> [bytes that OpenSSL has not read, bytes that nobody has taken]
  Napi::Value pending(const Napi::CallbackInfo&);

  const std::shared_ptr<bio::Memory> memory_;
};

}  // namespace lwspool

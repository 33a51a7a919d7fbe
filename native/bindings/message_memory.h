// Memory of large messages that JavaScript has. Each ArrayBuffer has memory of its own, which comes
// back once: when the message is released, or else when it is collected. JavaScript thread of
// whoever has the messages.
#pragma once

#include <napi.h>

#include <memory>
#include <unordered_map>

#include "../core/ws/bytes.h"

namespace lwspool {

class MessageMemory {
 public:
  MessageMemory() = default;
  MessageMemory(const MessageMemory&) = delete;
  MessageMemory& operator=(const MessageMemory&) = delete;

  // Adds releaseMemory(view) to the addon.
  static void define(Napi::Env env, Napi::Object exports);

  // Lends bytes, of which there are some, to JavaScript as a Buffer.
  static Napi::Value bufferOf(Napi::Env env, ws::Bytes&& bytes);

 private:
  struct Loan;

  static void release(const Napi::CallbackInfo& info);

  std::unordered_map<const void*, Loan*> loans_;  // by where their bytes lie
};

}  // namespace lwspool

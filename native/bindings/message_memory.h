// Memory of messages that JavaScript is done with. JavaScript thread of whoever has the message.
#pragma once

#include <napi.h>

namespace lwspool {

struct MessageMemory {
  // Adds releaseMemory(view) to the addon.
  static void define(Napi::Env, Napi::Object exports);
};

}  // namespace lwspool

// What the addon keeps per thread that loaded it. Nothing of it is shared.
#pragma once

#include <napi.h>

#include <memory>

#include "message_memory.h"

namespace lwspool {

class BioHost;

struct AddonData {
  Napi::FunctionReference endpoint;  // the Endpoint class, to tell its instances
  Napi::FunctionReference memory;    // the MemoryBio class
  std::weak_ptr<BioHost> bios;       // of this thread's service, where it has one
  const std::shared_ptr<MessageMemory> messages = std::make_shared<MessageMemory>();
};

}  // namespace lwspool

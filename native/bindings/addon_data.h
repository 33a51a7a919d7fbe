// What the addon keeps per thread that loaded it. Nothing of it is shared.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>

namespace lwspool {

class BioHost;
class MessageMemory;

struct AddonData {
  explicit AddonData(std::shared_ptr<MessageMemory> memory) : messages(std::move(memory)) {}

  Napi::FunctionReference endpoint;  // the Endpoint class, to tell its instances
  Napi::FunctionReference memory;    // the MemoryBio class
  std::weak_ptr<BioHost> bios;       // of this thread's service, where it has one
  const std::shared_ptr<MessageMemory> messages;
};

}  // namespace lwspool

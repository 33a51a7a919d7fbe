// What the addon keeps per thread that loaded it. Nothing of it is shared.
#pragma once

#include <napi.h>

namespace lwspool {

struct AddonData {
  Napi::FunctionReference endpoint;  // the Endpoint class, to tell its instances
};

}  // namespace lwspool

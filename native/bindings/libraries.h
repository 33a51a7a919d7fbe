// JavaScript: libraries() -> { libwebsockets, liburing }, the versions of what the addon is linked
// to.
#pragma once

#include <napi.h>

namespace lwspool {

// JavaScript thread.
void defineLibraries(Napi::Env, Napi::Object exports);

}  // namespace lwspool

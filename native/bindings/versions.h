// JavaScript: `version`, that of the package which the addon was built for, and
// libraries() -> { libwebsockets, liburing }, the versions of what it is linked to.
#pragma once

#include <napi.h>

namespace lwspool {

// JavaScript thread.
void defineVersions(Napi::Env, Napi::Object exports);

}  // namespace lwspool

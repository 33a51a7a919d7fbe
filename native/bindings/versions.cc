#include "versions.h"

#include <libwebsockets.h>

#include <string>

namespace lwspool {

namespace {

// JavaScript thread.
Napi::Value libraries(const Napi::CallbackInfo& info) {
  // "4.1.6-", with what git said of the source behind the dash.
  const std::string version = lws_get_library_version();
  auto found = Napi::Object::New(info.Env());
  found["libwebsockets"] = version.substr(0, version.find('-'));
  found["liburing"] = LWS_POOL_LIBURING;
  return found;
}

}  // namespace

void defineVersions(Napi::Env env, Napi::Object exports) {
  exports["version"] = LWS_POOL_VERSION;
  exports["libraries"] = Napi::Function::New(env, libraries, "libraries");
}

}  // namespace lwspool

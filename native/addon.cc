// The addon: loaded once per thread that uses it, in one process. Registration only.
#include <napi.h>

#include <memory>

#include "bindings/addon_data.h"
#include "bindings/authorities_binding.h"
#include "bindings/channel_binding.h"
#include "bindings/endpoint_binding.h"
#include "bindings/leases_binding.h"
#include "bindings/memory_binding.h"
#include "bindings/message_memory.h"
#include "bindings/ring_binding.h"
#include "bindings/service_binding.h"
#include "bindings/tls_binding.h"
#include "bindings/versions.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new lwspool::AddonData(std::make_shared<lwspool::MessageMemory>()));
  lwspool::AuthoritiesBinding::define(env, exports);
  lwspool::TlsBinding::define(env, exports);
  lwspool::EndpointBinding::define(env, exports);
  lwspool::ChannelBinding::define(env, exports);
  lwspool::MemoryBinding::define(env, exports);
  lwspool::MessageMemory::define(env, exports);
  lwspool::LeasesBinding::define(env, exports);
  lwspool::RingBinding::define(env, exports);
  lwspool::ServiceBinding::define(env, exports);
  lwspool::defineVersions(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, init)

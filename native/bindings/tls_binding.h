// TLS configurations, shared by all threads of the process. JavaScript: createTlsContext(options)
// gives a number; setDefaultAuthorities(pem).
#pragma once

#include <napi.h>

#include <memory>

#include "../core/lws/tls_context.h"

namespace lwspool {

class TlsBinding {
 public:
  static void define(Napi::Env, Napi::Object exports);
  // Any thread. Null for a number that was never given.
  static std::shared_ptr<const TlsContext> find(uint32_t number);
};

}  // namespace lwspool

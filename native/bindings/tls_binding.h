// JavaScript: new TlsContext(options), a TLS configuration, which throws an Error with `option`
// where OpenSSL does not take one. Belongs to the thread that made it; what it holds is shared with
// all, by its number for as long as it is there.
#pragma once

#include <napi.h>

#include <memory>

#include "../core/lws/tls_context.h"

namespace lwspool {

class TlsBinding : public Napi::ObjectWrap<TlsBinding> {
 public:
  explicit TlsBinding(const Napi::CallbackInfo&);
  ~TlsBinding() override;
  static void define(Napi::Env, Napi::Object exports);
  // Any thread. Null for one that is not there (any more).
  static std::shared_ptr<const TlsContext> find(uint32_t number);

 private:
  Napi::Value number(const Napi::CallbackInfo&);

  const std::shared_ptr<const TlsContext> context_;
  const uint32_t number_;
  const int64_t size_;
};

}  // namespace lwspool

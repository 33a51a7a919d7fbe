// JavaScript: new Authorities(pems, openSslPaths), the certificates that Node trusts, for a
// TlsContext to be made with. Belongs to the thread that made it; what it holds is shared with all,
// by its number for as long as it is there.
#pragma once

#include <napi.h>

#include "../core/tls/authorities.h"

namespace lwspool {

class AuthoritiesBinding : public Napi::ObjectWrap<AuthoritiesBinding> {
 public:
  explicit AuthoritiesBinding(const Napi::CallbackInfo&);
  ~AuthoritiesBinding() override;
  static void define(Napi::Env, Napi::Object exports);
  // Any thread. Null for one that is not there (any more).
  static Authorities find(uint32_t number);

 private:
  Napi::Value number(const Napi::CallbackInfo&);

  const Authorities authorities_;
  const uint32_t number_;
  const int64_t size_;  // what V8 is told that it takes
};

}  // namespace lwspool

#include "authorities_binding.h"

#include <openssl/x509.h>

#include "options_reader.h"
#include "registry.h"

namespace lwspool {

namespace {

// A certificate takes some 4 KB. Bytes.
int64_t sizeOf(const Napi::CallbackInfo& info) {
  return 4096 * (1 + static_cast<int64_t>(info[0].As<Napi::Array>().Length()));
}

}  // namespace

AuthoritiesBinding::AuthoritiesBinding(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<AuthoritiesBinding>(info),
      authorities_(
          nodeAuthorities(textsOf(info[0].As<Napi::Array>()), info[1].As<Napi::Boolean>().Value())),
      number_(Registry<X509_STORE>::instance().add(authorities_)),
      size_(sizeOf(info)) {
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), size_);
}

AuthoritiesBinding::~AuthoritiesBinding() {
  Registry<X509_STORE>::instance().remove(number_);
  Napi::MemoryManagement::AdjustExternalMemory(Env(), -size_);
}

Napi::Value AuthoritiesBinding::number(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), number_);
}

Authorities AuthoritiesBinding::find(uint32_t number) {
  return Registry<X509_STORE>::instance().find(number);
}

void AuthoritiesBinding::define(Napi::Env env, Napi::Object exports) {
  exports.Set(
      "Authorities",
      DefineClass(env, "Authorities", {InstanceAccessor<&AuthoritiesBinding::number>("number")}));
}

}  // namespace lwspool

#include "tls_binding.h"

#include <openssl/ssl.h>

#include "authorities_binding.h"
#include "options_reader.h"
#include "registry.h"

namespace lwspool {

namespace {

// What V8 is told that one takes, so that it looks for those that nobody has any more: an SSL_CTX,
// and certificates, which take some four times their text. Bytes.
int64_t sizeOf(const Napi::CallbackInfo& info) {
  int64_t size = 32 * 1024;
  const Napi::Value ca = info[0].As<Napi::Object>().Get("ca");
  if (!ca.IsArray()) return size;
  const auto texts = ca.As<Napi::Array>();
  for (uint32_t i = 0; i < texts.Length(); i++) {
    size_t length = 0;
    napi_get_value_string_utf8(info.Env(), texts.Get(i), nullptr, 0, &length);
    size += 4 * static_cast<int64_t>(length);
  }
  return size;
}

int versionOf(const std::string& name) {
  if (name == "TLSv1.3") return TLS1_3_VERSION;
  if (name == "TLSv1.2") return TLS1_2_VERSION;
  if (name == "TLSv1.1") return TLS1_1_VERSION;
  if (name == "TLSv1") return TLS1_VERSION;
  return 0;
}

std::shared_ptr<const TlsContext> make(const Napi::CallbackInfo& info) {
  const OptionsReader options(info[0].As<Napi::Object>());
  TlsOptions tls;
  tls.server = options.flag("server");
  tls.authorities = AuthoritiesBinding::find(options.number("authorities"));
  tls.ca = options.texts("ca");
  tls.cert = options.texts("cert");
  tls.key = options.texts("key");
  tls.keyPassphrases = options.texts("keyPassphrases");
  tls.minVersion = versionOf(options.text("minVersion"));
  tls.maxVersion = versionOf(options.text("maxVersion"));
  tls.ciphers = options.text("ciphers");
  tls.groups = options.text("ecdhCurve");
  tls.sigalgs = options.text("sigalgs");
  tls.alpn = options.texts("ALPNProtocols");
  tls.rejectUnauthorized = options.flag("rejectUnauthorized", true);
  tls.requestOcsp = options.flag("requestOCSP");
  tls.maxCachedSessions = options.number("maxCachedSessions");
  tls.secrets.captures = options.flag("tellSecrets");
  tls.secrets.told = options.flag("keylog");
  try {
    if (options.has("keylogFile")) tls.secrets.file = KeylogFile::open(options.text("keylogFile"));
    // Nobody makes servers by the thousand, and their keys are not kept for others.
    if (tls.server) return std::make_shared<const TlsContext>(tls);
    return TlsContext::of(tls);
  } catch (const TlsOptionError& failure) {
    Napi::Error error = Napi::Error::New(info.Env(), failure.what());
    error.Set("option", Napi::String::New(info.Env(), failure.option));
    throw error;
  } catch (const KeylogError& failure) {
    throw Napi::Error::New(info.Env(), failure.what());
  }
}

// openKeylog(path): throws an Error with the reason where it cannot be written. JavaScript thread.
void openKeylog(const Napi::CallbackInfo& info) {
  try {
    KeylogFile::open(info[0].As<Napi::String>().Utf8Value());
  } catch (const KeylogError& failure) {
    throw Napi::Error::New(info.Env(), failure.what());
  }
}

}  // namespace

TlsBinding::TlsBinding(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<TlsBinding>(info),
      context_(make(info)),
      number_(Registry<const TlsContext>::instance().add(context_)),
      size_(sizeOf(info)) {
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), size_);
}

TlsBinding::~TlsBinding() {
  Registry<const TlsContext>::instance().remove(number_);
  Napi::MemoryManagement::AdjustExternalMemory(Env(), -size_);
}

Napi::Value TlsBinding::number(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), number_);
}

std::shared_ptr<const TlsContext> TlsBinding::find(uint32_t number) {
  return Registry<const TlsContext>::instance().find(number);
}

void TlsBinding::define(Napi::Env env, Napi::Object exports) {
  exports.Set("TlsContext",
              DefineClass(env, "TlsContext", {InstanceAccessor<&TlsBinding::number>("number")}));
  exports.Set("openKeylog", Napi::Function::New(env, openKeylog));
}

}  // namespace lwspool

#include "tls_binding.h"

#include <openssl/ssl.h>

#include <mutex>
#include <vector>

#include "options_reader.h"

namespace lwspool {

namespace {

// Configurations stay until the process ends: there are few, and connections of any thread may
// still need them.
std::mutex mutex;
std::vector<std::shared_ptr<const TlsContext>> contexts;  // guarded by mutex

int versionOf(const std::string& name) {
  if (name == "TLSv1.3") return TLS1_3_VERSION;
  if (name == "TLSv1.2") return TLS1_2_VERSION;
  if (name == "TLSv1.1") return TLS1_1_VERSION;
  if (name == "TLSv1") return TLS1_VERSION;
  return 0;
}

// JavaScript thread. Throws an Error with `option`.
Napi::Value createTlsContext(const Napi::CallbackInfo& info) {
  const OptionsReader options(info[0].As<Napi::Object>());
  TlsOptions tls;
  tls.server = options.flag("server");
  tls.defaultAuthorities = !options.has("ca");
  tls.ca = options.texts("ca");
  tls.cert = options.texts("cert");
  tls.key = options.texts("key");
  tls.keyPassphrases = options.texts("keyPassphrases");
  tls.minVersion = versionOf(options.text("minVersion"));
  tls.maxVersion = versionOf(options.text("maxVersion"));
  tls.ciphers = options.text("ciphers");
  tls.alpn = options.texts("ALPNProtocols");
  tls.rejectUnauthorized = options.flag("rejectUnauthorized", true);
  tls.requestOcsp = options.flag("requestOCSP");
  tls.maxCachedSessions = options.number("maxCachedSessions");
  tls.secrets.captures = options.flag("tellSecrets");
  tls.secrets.told = options.flag("keylog");
  try {
    if (options.has("keylogFile")) tls.secrets.file = KeylogFile::open(options.text("keylogFile"));
    auto context = std::make_shared<const TlsContext>(tls);
    std::lock_guard lock(mutex);
    contexts.push_back(std::move(context));
    return Napi::Number::New(info.Env(), static_cast<double>(contexts.size()));
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

void setDefaultAuthorities(const Napi::CallbackInfo& info) {
  TlsContext::setDefaultAuthorities(info[0].As<Napi::String>().Utf8Value());
}

}  // namespace

std::shared_ptr<const TlsContext> TlsBinding::find(uint32_t number) {
  std::lock_guard lock(mutex);
  return number > 0 && number <= contexts.size() ? contexts[number - 1] : nullptr;
}

void TlsBinding::define(Napi::Env env, Napi::Object exports) {
  exports.Set("createTlsContext", Napi::Function::New(env, createTlsContext));
  exports.Set("openKeylog", Napi::Function::New(env, openKeylog));
  exports.Set("setDefaultAuthorities", Napi::Function::New(env, setDefaultAuthorities));
}

}  // namespace lwspool

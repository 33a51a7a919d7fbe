#include "tls_object.h"

#include "bytes.h"

namespace lwspool {

namespace {

Napi::Value textOrNone(Napi::Env env, const std::string& text) {
  if (text.empty()) return env.Undefined();
  return Napi::String::New(env, text);
}

}  // namespace

Napi::Object tlsObject(Napi::Env env, const TlsFacts& facts) {
  const Napi::Array chain = Napi::Array::New(env, facts.chain.size());
  for (uint32_t i = 0; i < facts.chain.size(); i++) {
    chain.Set(i, bufferOf(env, facts.chain[i]));
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("protocol", Napi::String::New(env, facts.protocol));
  object.Set("cipher", Napi::String::New(env, facts.cipher));
  object.Set("cipherStandard", Napi::String::New(env, facts.cipherStandard));
  object.Set("group", textOrNone(env, facts.group));
  object.Set("alpn", textOrNone(env, facts.alpn));
  object.Set("servername", textOrNone(env, facts.servername));
  object.Set("chain", chain);
  object.Set("verifyResult", Napi::Number::New(env, static_cast<double>(facts.verifyResult)));
  object.Set("verifyText", Napi::String::New(env, facts.verifyText));
  object.Set("sessionReused", Napi::Boolean::New(env, facts.sessionReused));
  object.Set("finished", bufferOrNone(env, facts.finished));
  object.Set("peerFinished", bufferOrNone(env, facts.peerFinished));
  object.Set("ocspResponse", bufferOrNone(env, facts.ocspResponse));
  return object;
}

Napi::Value tlsResult(Napi::Env env, const TlsResult& result) {
  if (result.status == TlsResult::Status::failed) return Napi::String::New(env, result.reason);
  return Napi::Boolean::New(env, result.status == TlsResult::Status::done);
}

}  // namespace lwspool

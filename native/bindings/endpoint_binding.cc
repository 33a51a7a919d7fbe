#include "endpoint_binding.h"

#include "addon_data.h"
#include "bio_object.h"
#include "options_reader.h"
#include "tls_binding.h"

namespace lwspool {

EndpointBinding::EndpointBinding(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<EndpointBinding>(info) {
  const OptionsReader options(info[0].As<Napi::Object>());
  auto endpoint = std::make_shared<Endpoint>();
  endpoint->kind = options.text("kind") == "raw" ? Kind::raw : Kind::ws;
  endpoint->role = options.flag("server") ? ws::Role::server : ws::Role::client;
  endpoint->addresses = options.texts("addresses", kMostAddresses);
  endpoint->leftOut = options.length("addresses") - endpoint->addresses.size();
  endpoint->unixPath = options.text("unixPath");
  endpoint->port = static_cast<uint16_t>(options.number("port"));
  endpoint->requestHead = options.latin1("requestHead");
  endpoint->protocols = options.texts("protocols");
  endpoint->requiresProtocol = options.flag("requiresProtocol");
  endpoint->keepsHeaders = options.flag("keepsHeaders");
  if (options.has("deflate")) {
    const OptionsReader deflate(info[0].As<Napi::Object>().Get("deflate").As<Napi::Object>());
    ws::DeflateOptions& wanted = endpoint->deflate.emplace();
    wanted.threshold = deflate.number("threshold");
    wanted.level = static_cast<int>(deflate.number("level"));
    wanted.memLevel = static_cast<int>(deflate.number("memLevel"));
    wanted.serverNoContextTakeover = deflate.flag("serverNoContextTakeover");
    wanted.clientNoContextTakeover = deflate.flag("clientNoContextTakeover");
    wanted.serverMaxWindowBits = static_cast<uint8_t>(deflate.number("serverMaxWindowBits"));
    wanted.clientMaxWindowBits = static_cast<uint8_t>(deflate.number("clientMaxWindowBits"));
    wanted.maxRatio = deflate.number("maxRatio");
    if (!endpoint->requestHead.empty()) {
      endpoint->requestHead.append("Sec-WebSocket-Extensions: ")
          .append(ws::kDeflateName)
          .append("; ")
          .append(ws::deflateOffer(wanted))
          .append("\r\n");
    }
  }
  if (const uint32_t number = options.number("tls"); number != 0) {
    endpoint->tls = TlsBinding::find(number);
    // Nothing of what was to be encrypted is ever sent without.
    if (endpoint->tls == nullptr) throw Napi::Error::New(info.Env(), "its TLS context is gone");
  }
  endpoint->serverName = options.text("serverName");
  endpoint->sendsServerName = options.flag("sendsServerName", true);
  endpoint->localAddresses = options.texts("localAddresses");
  endpoint->timeout = options.number("timeout", endpoint->timeout);
  endpoint->closeTimeout = options.number("closeTimeout", endpoint->closeTimeout);
  endpoint->maxPayload = options.number("maxPayload");
  if (options.has("highWaterMark")) endpoint->highWaterMark = options.number("highWaterMark");
  if (options.has("bios")) {
    const auto bios = info[0].As<Napi::Object>().Get("bios").As<Napi::Array>();
    for (uint32_t i = 0; i < bios.Length(); i++) {
      endpoint->bios.push_back(bioSpec(bios.Get(i).As<Napi::Object>()));
    }
  }
  if (endpoint->role == ws::Role::client && endpoint->addresses.empty() &&
      endpoint->unixPath.empty()) {
    throw Napi::TypeError::New(info.Env(), "an endpoint needs addresses or a path");
  }
  // OpenSSL takes an empty name for the wish not to compare any, and one that begins with a dot for
  // all that end so: X509_check_host(3).
  const std::string& name = endpoint->serverName;
  if (endpoint->role == ws::Role::client && endpoint->tls && (name.empty() || name[0] == '.')) {
    throw Napi::TypeError::New(info.Env(), "a certificate needs a name to be compared with");
  }
  endpoint_ = std::move(endpoint);
}

void EndpointBinding::define(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor = DefineClass(env, "Endpoint", {});
  env.GetInstanceData<AddonData>()->endpoint = Napi::Persistent(constructor);
  exports.Set("Endpoint", constructor);
}

std::shared_ptr<const Endpoint> EndpointBinding::from(const Napi::Value& value) {
  auto& constructor = value.Env().GetInstanceData<AddonData>()->endpoint;
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(constructor.Value())) {
    throw Napi::TypeError::New(value.Env(), "an Endpoint is needed");
  }
  return Unwrap(value.As<Napi::Object>())->endpoint_;
}

}  // namespace lwspool

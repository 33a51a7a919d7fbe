#include "leases_binding.h"

#include "../core/lease/tls_actions.h"
#include "../core/tls/tls_facts.h"
#include "addon_data.h"
#include "arguments.h"
#include "bio_host.h"
#include "bio_object.h"
#include "bytes.h"
#include "memory_binding.h"
#include "outcome.h"
#include "registry.h"
#include "tls_object.h"

namespace lwspool {

namespace {

Napi::Value outcomeOf(Napi::Env env, const Leases::Outcome& outcome, const IoResult& result) {
  if (!outcome) return numberOf(env, codeOf(outcome));
  switch (result.status) {
    case IoResult::Status::done:
      return numberOf(env, static_cast<double>(result.bytes));
    case IoResult::Status::again:
      return numberOf(env, kAgain);
    case IoResult::Status::ended:
      return numberOf(env, 0);
    case IoResult::Status::truncated:
      return numberOf(env, kTruncated);
    case IoResult::Status::broken:
      break;
  }
  return numberOf(env, kErrno - result.error);
}

// Of an argument of pushBio(). Throws std::runtime_error.
std::shared_ptr<bio::Layer> makeLayer(const Napi::Value& argument) {
  if (auto memory = MemoryBinding::from(argument)) return memory;
  const bio::Spec spec = bioSpec(argument.As<Napi::Object>());
  if (spec.kind != bio::Kind::custom) return bio::make(spec, {});
  const auto bios = argument.Env().GetInstanceData<AddonData>()->bios.lock();
  if (!bios) throw std::runtime_error("this thread is not the connection's worker");
  return bios->make(spec.module);
}

std::shared_ptr<Channel> channelOf(const Napi::CallbackInfo& info) {
  auto channel = Registry<Channel>::instance().find(number(info, 0));
  if (!channel) throw Napi::Error::New(info.Env(), "the pool is gone");
  return channel;
}

}  // namespace

LeasesBinding::LeasesBinding(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<LeasesBinding>(info),
      leases_(channelOf(info),
              info[1].As<Napi::String>().Utf8Value() == "main" ? Source::main : Source::handler) {}

Napi::Value LeasesBinding::take(const Napi::CallbackInfo& info) {
  refuseInside(info);
  const int64_t token = leases_.take(connectionId(info), info[2].As<Napi::Boolean>().Value(),
                                     info[3].As<Napi::Boolean>().Value(), number(info, 4),
                                     info[5].ToBoolean().Value());
  return numberOf(info.Env(), static_cast<double>(token));
}

Napi::Value LeasesBinding::release(const Napi::CallbackInfo& info) {
  bool closing = false;
  const Leases::Outcome outcome = leases_.release(leaseName(info), integer(info, 3), closing);
  return outcomeOf(info.Env(), outcome, closing ? 1 : 0);
}

Napi::Value LeasesBinding::check(const Napi::CallbackInfo& info) {
  return outcomeOf(info.Env(), leases_.check(leaseName(info)));
}

Napi::Value LeasesBinding::leftover(const Napi::CallbackInfo& info) {
  std::string bytes;
  const Leases::Outcome outcome = leases_.leftover(leaseName(info), bytes);
  return outcome ? bufferOf(info.Env(), bytes) : outcomeOf(info.Env(), outcome);
}

Napi::Value LeasesBinding::duplicate(const Napi::CallbackInfo& info) {
  int fd = -1;
  uint64_t inode = 0;
  const Leases::Outcome outcome = leases_.duplicate(leaseName(info), fd, inode);
  if (outcome) info[3].As<Napi::Float64Array>()[0] = static_cast<double>(inode);
  return outcomeOf(info.Env(), outcome, fd);
}

Napi::Value LeasesBinding::secure(const Napi::CallbackInfo& info) {
  bool tls = false;
  const Leases::Outcome outcome = leases_.secure(leaseName(info), tls);
  return outcomeOf(info.Env(), outcome, tls ? 1 : 0);
}

Napi::Value LeasesBinding::exposeTls(const Napi::CallbackInfo& info) {
  SSL* ssl = nullptr;
  const Leases::Outcome outcome = leases_.exposeTls(leaseName(info), ssl);
  if (!outcome) return outcomeOf(info.Env(), outcome);
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(reinterpret_cast<uintptr_t>(ssl)));
}

Napi::Value LeasesBinding::confirmFrameBoundary(const Napi::CallbackInfo& info) {
  return outcomeOf(info.Env(), leases_.confirmFrameBoundary(leaseName(info), info[3].ToBoolean()));
}

Napi::Value LeasesBinding::getOption(const Napi::CallbackInfo& info) {
  auto into = info[5].As<Napi::Uint8Array>();
  size_t size = into.ByteLength();
  const Leases::Outcome outcome =
      leases_.getOption(leaseName(info), integer(info, 3), integer(info, 4), into.Data(), size);
  return outcomeOf(info.Env(), outcome, static_cast<double>(size));
}

Napi::Value LeasesBinding::setOption(const Napi::CallbackInfo& info) {
  const auto value = info[5].As<Napi::Uint8Array>();
  return outcomeOf(info.Env(),
                   leases_.setOption(leaseName(info), integer(info, 3), integer(info, 4),
                                     value.Data(), value.ByteLength()));
}

Napi::Value LeasesBinding::queued(const Napi::CallbackInfo& info) {
  int bytes = 0;
  const Leases::Outcome outcome =
      leases_.queued(leaseName(info), info[3].As<Napi::Boolean>().Value(), bytes);
  return outcomeOf(info.Env(), outcome, bytes);
}

Napi::Value LeasesBinding::addresses(const Napi::CallbackInfo& info) {
  Fields fields;
  const Leases::Outcome outcome = leases_.addresses(leaseName(info), fields);
  return outcome ? bufferOf(info.Env(), fields.encode()) : outcomeOf(info.Env(), outcome);
}

Napi::Value LeasesBinding::read(const Napi::CallbackInfo& info) {
  auto into = info[4].As<Napi::Uint8Array>();
  const auto operation =
      info[3].As<Napi::Boolean>().Value() ? &Leases::readTls : &Leases::readSocket;
  IoResult result{};
  const Leases::Outcome outcome =
      (leases_.*operation)(leaseName(info), into.Data(), into.ByteLength(), result);
  return outcomeOf(info.Env(), outcome, result);
}

Napi::Value LeasesBinding::write(const Napi::CallbackInfo& info) {
  const auto from = info[4].As<Napi::Uint8Array>();
  const auto operation =
      info[3].As<Napi::Boolean>().Value() ? &Leases::writeTls : &Leases::writeSocket;
  IoResult result{};
  const Leases::Outcome outcome =
      (leases_.*operation)(leaseName(info), from.Data(), from.ByteLength(), result);
  return outcomeOf(info.Env(), outcome, result);
}

Napi::Value LeasesBinding::shutdown(const Napi::CallbackInfo& info) {
  return outcomeOf(info.Env(), leases_.shutdownSocket(leaseName(info), integer(info, 3)));
}

Napi::Value LeasesBinding::tlsFacts(const Napi::CallbackInfo& info) {
  TlsFacts facts;
  const Leases::Outcome outcome =
      leases_.withTls(leaseName(info), false, [&](SSL* ssl) { facts = readTlsFacts(ssl); });
  return outcome ? tlsObject(info.Env(), facts) : outcomeOf(info.Env(), outcome);
}

Napi::Value LeasesBinding::tlsPending(const Napi::CallbackInfo& info) {
  size_t bytes = 0;
  const Leases::Outcome outcome =
      leases_.withTls(leaseName(info), false, [&](SSL* ssl) { bytes = pendingBytes(ssl); });
  return outcomeOf(info.Env(), outcome, static_cast<double>(bytes));
}

Napi::Value LeasesBinding::tlsSession(const Napi::CallbackInfo& info) {
  std::string session;
  const Leases::Outcome outcome =
      leases_.withTls(leaseName(info), false, [&](SSL* ssl) { session = exportSession(ssl); });
  if (!outcome) return outcomeOf(info.Env(), outcome);
  return bufferOrNone(info.Env(), session);
}

Napi::Value LeasesBinding::exportKeyingMaterial(const Napi::CallbackInfo& info) {
  auto into = info[3].As<Napi::Uint8Array>();
  const std::string label = info[4].As<Napi::String>().Utf8Value();
  const bool useContext = !info[5].IsUndefined();
  const uint8_t* context = nullptr;
  size_t length = 0;
  if (useContext) {
    const auto bytes = info[5].As<Napi::Uint8Array>();
    context = bytes.Data();
    length = bytes.ByteLength();
  }
  TlsResult result{};
  const Leases::Outcome outcome = leases_.withTls(leaseName(info), false, [&](SSL* ssl) {
    result = lwspool::exportKeyingMaterial(ssl, into.Data(), into.ByteLength(), label, context,
                                           length, useContext);
  });
  return outcome ? tlsResult(info.Env(), result) : outcomeOf(info.Env(), outcome);
}

Napi::Value LeasesBinding::updateKeys(const Napi::CallbackInfo& info) {
  TlsResult result{};
  const Leases::Outcome outcome =
      leases_.updateKeys(leaseName(info), info[3].As<Napi::Boolean>().Value(), result);
  return outcome ? tlsResult(info.Env(), result) : outcomeOf(info.Env(), outcome);
}

Napi::Value LeasesBinding::shutdownTls(const Napi::CallbackInfo& info) {
  TlsResult result{};
  const Leases::Outcome outcome = leases_.shutdownTls(leaseName(info), result);
  return outcome ? tlsResult(info.Env(), result) : outcomeOf(info.Env(), outcome);
}

Napi::Value LeasesBinding::pushBio(const Napi::CallbackInfo& info) {
  bio::Refused refused = nullptr;
  std::shared_ptr<bio::Layer> layer;
  try {
    layer = makeLayer(info[3]);
  } catch (const std::runtime_error& failure) {
    return Napi::String::New(info.Env(), failure.what());
  }
  const Leases::Outcome outcome = leases_.pushBio(leaseName(info), std::move(layer), refused);
  if (!outcome) return outcomeOf(info.Env(), outcome);
  if (refused != nullptr) return Napi::String::New(info.Env(), refused);
  return Napi::Boolean::New(info.Env(), true);
}

Napi::Value LeasesBinding::popBio(const Napi::CallbackInfo& info) {
  bio::Refused refused = nullptr;
  std::shared_ptr<bio::Layer> layer;
  const Leases::Outcome outcome = leases_.popBio(leaseName(info), layer, refused);
  if (!outcome) return outcomeOf(info.Env(), outcome);
  if (refused != nullptr) return Napi::String::New(info.Env(), refused);
  return bioObject(info.Env(), *layer);
}

Napi::Value LeasesBinding::bios(const Napi::CallbackInfo& info) {
  std::vector<std::shared_ptr<const bio::Layer>> copies;
  const Leases::Outcome outcome = leases_.withBios(leaseName(info), [&](const bio::Chain* chain) {
    if (chain == nullptr) return;
    for (const auto& layer : chain->layers()) copies.push_back(layer->copy());
  });
  if (!outcome) return outcomeOf(info.Env(), outcome);
  const Napi::Array list = Napi::Array::New(info.Env());
  for (const auto& layer : copies) list.Set(list.Length(), bioObject(info.Env(), *layer));
  return list;
}

Napi::Value LeasesBinding::detach(const Napi::CallbackInfo& info) {
  Detached detached;
  const Leases::Outcome outcome = leases_.detach(leaseName(info), number(info, 3), detached);
  if (!outcome) return outcomeOf(info.Env(), outcome);
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("fd", detached.fd);
  if (detached.ssl != nullptr) {
    object.Set("ssl",
               Napi::BigInt::New(info.Env(),
                                 static_cast<uint64_t>(reinterpret_cast<uintptr_t>(detached.ssl))));
  }
  object.Set("leftover", bufferOf(info.Env(), detached.leftover));
  return object;
}

void LeasesBinding::closeDuplicate(const Napi::CallbackInfo& info) {
  refuseInside(info);
  leases_.closeDuplicate(connectionId(info), integer(info, 2),
                         static_cast<uint64_t>(info[3].As<Napi::Number>().DoubleValue()));
}

void LeasesBinding::dropTls(const Napi::CallbackInfo& info) {
  bool lossless = false;
  const uint64_t pointer = info[0].As<Napi::BigInt>().Uint64Value(&lossless);
  leases_.dropTls(reinterpret_cast<SSL*>(static_cast<uintptr_t>(pointer)));
}

void LeasesBinding::close(const Napi::CallbackInfo&) { leases_.close(); }

void LeasesBinding::define(Napi::Env env, Napi::Object exports) {
  exports.Set(
      "Leases",
      DefineClass(env, "Leases",
                  {InstanceMethod<&LeasesBinding::take>("take"),
                   InstanceMethod<&LeasesBinding::release>("release"),
                   InstanceMethod<&LeasesBinding::check>("check"),
                   InstanceMethod<&LeasesBinding::leftover>("leftover"),
                   InstanceMethod<&LeasesBinding::duplicate>("duplicate"),
                   InstanceMethod<&LeasesBinding::secure>("secure"),
                   InstanceMethod<&LeasesBinding::exposeTls>("exposeTls"),
                   InstanceMethod<&LeasesBinding::confirmFrameBoundary>("confirmFrameBoundary"),
                   InstanceMethod<&LeasesBinding::getOption>("getOption"),
                   InstanceMethod<&LeasesBinding::setOption>("setOption"),
                   InstanceMethod<&LeasesBinding::queued>("queued"),
                   InstanceMethod<&LeasesBinding::addresses>("addresses"),
                   InstanceMethod<&LeasesBinding::read>("read"),
                   InstanceMethod<&LeasesBinding::write>("write"),
                   InstanceMethod<&LeasesBinding::shutdown>("shutdown"),
                   InstanceMethod<&LeasesBinding::tlsFacts>("tlsFacts"),
                   InstanceMethod<&LeasesBinding::tlsPending>("tlsPending"),
                   InstanceMethod<&LeasesBinding::tlsSession>("tlsSession"),
                   InstanceMethod<&LeasesBinding::exportKeyingMaterial>("exportKeyingMaterial"),
                   InstanceMethod<&LeasesBinding::updateKeys>("updateKeys"),
                   InstanceMethod<&LeasesBinding::shutdownTls>("shutdownTls"),
                   InstanceMethod<&LeasesBinding::pushBio>("pushBio"),
                   InstanceMethod<&LeasesBinding::popBio>("popBio"),
                   InstanceMethod<&LeasesBinding::bios>("bios"),
                   InstanceMethod<&LeasesBinding::detach>("detach"),
                   InstanceMethod<&LeasesBinding::closeDuplicate>("closeDuplicate"),
                   InstanceMethod<&LeasesBinding::dropTls>("dropTls"),
                   InstanceMethod<&LeasesBinding::close>("close")}));
}

}  // namespace lwspool

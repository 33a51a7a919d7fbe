#include "service_binding.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "../core/base/barrier.h"
#include "../core/channel/flight_reader.h"
#include "../core/io/addresses.h"
#include "addon_data.h"
#include "arguments.h"
#include "bytes.h"
#include "endpoint_binding.h"
#include "registry.h"
#include "shared_memory.h"

namespace lwspool {

namespace {

TargetMode modeOf(const std::string& name) {
  if (name == "sink") return TargetMode::sink;
  if (name == "flood") return TargetMode::flood;
  if (name == "close") return TargetMode::close;
  return TargetMode::echo;
}

}  // namespace

ServiceBinding::State::State(std::shared_ptr<Channel> shared, ServiceBinding* wrapper)
    : channel(std::move(shared)), main(channel->events), handler(log), binding(wrapper) {}

ServiceBinding::ServiceBinding(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<ServiceBinding>(info) {
  auto channel = Registry<Channel>::instance().find(number(info, 0));
  if (!channel) throw Napi::Error::New(info.Env(), "the pool is gone");
  uv_loop_t* loop;
  napi_get_uv_event_loop(info.Env(), &loop);
  auto state = std::make_unique<State>(std::move(channel), this);
  reader_.emplace(state->log, info[2].As<Napi::Function>(),
                  [this] { state_->service->resumeStalled(); });
  try {
    state->host = std::make_unique<LoopHost>(
        loop,
        [state = state.get()] {
          if (state->binding != nullptr) state->binding->deliver();
        },
        [state = state.get()](const char* thrown) {
          if (state->binding != nullptr) state->binding->fail(thrown);
        });
    state->service =
        std::make_unique<Service>(*state->channel, *state->host, number(info, 1),
                                  info[4].ToBoolean() ? PollerKind::uring : PollerKind::epoll);
    state->connector = std::make_unique<LwsConnector>(*state->service);
    state->connector->name(number(info, 0));
    state->host->start(*state->service);
  } catch (const std::exception& error) {
    reader_.reset();  // it refers to the state
    const std::string reason = error.what();
    discard(info.Env(), std::move(state));
    throw Napi::Error::New(info.Env(), reason);
  }
  state->service->use(*state->connector, state->main, state->handler);
  state->bios = std::make_shared<BioHost>(
      info[3].As<Napi::Function>(), [](void* host) { static_cast<LoopHost*>(host)->wake(); },
      state->host.get());
  state->connector->makeBiosWith(
      [bios = state->bios](const std::string& module) { return bios->make(module); });
  info.Env().GetInstanceData<AddonData>()->bios = state->bios;
  state_ = state.release();
  state_->teardown = std::make_unique<Teardown>(info.Env(), [state = state_] {
    state->binding = nullptr;
    state->bios->end();
    state->closed.Reset();
    begin(state);
  });
  state_->channel->onWakeWorker([host = state_->host.get()] { host->wake(); });
  state_->host->wake();  // commands may wait already
  Ref();                 // lives until it is closed
}

ServiceBinding::State& ServiceBinding::open(Napi::Env env) {
  if (state_ == nullptr || state_->closing) {
    throw Napi::Error::New(env, "the service is closed");
  }
  return *state_;
}

void ServiceBinding::deliver() {
  if (state_->closing) return;
  settleBios();
  if (!state_->log.hasNews()) return;
  state_->log.publish();
  Napi::HandleScope scope(Env());
  reader_->deliver(Env());
  // What JavaScript did may have an answer already.
  if (state_->log.hasNews()) state_->host->wake();
}

// The thread ends by an uncaught exception, as it does by one of a handler: whoever watches it is
// told, and all that it has is closed.
void ServiceBinding::fail(const char* thrown) {
  const Napi::Env env = Env();
  Napi::HandleScope scope(env);
  Barrier::guard([&] {
    const std::string why = std::string("its native code cannot go on: ") + thrown;
    napi_fatal_exception(env, Napi::Error::New(env, why).Value());
  });
}

// What functions of BIOs have left to be done: commands, the end of an instance, and promises.
void ServiceBinding::settleBios() {
  if (!state_->deferred.empty()) {
    const std::string records = std::exchange(state_->deferred, {});
    state_->service->apply(reinterpret_cast<const uint8_t*>(records.data()), records.size(),
                           Source::handler);
  }
  state_->bios->settle();
}

// One that could not be made whole. What is in the loop already has to leave it, and the thread
// waits for that.
void ServiceBinding::discard(Napi::Env env, std::unique_ptr<State> owned) {
  if (!owned->connector) return;  // nothing is
  State* const state = owned.release();
  state->binding = nullptr;
  state->teardown = std::make_unique<Teardown>(env, [] {});
  begin(state);
}

// Connections and libwebsockets' context go first, then our handles, for which the loop has to
// turn, then the memory. Nothing is served meanwhile: no queued attempt may begin in a context that
// goes.
void ServiceBinding::begin(State* state) {
  if (std::exchange(state->closing, true)) return;
  if (state->bios) state->bios->end();
  state->channel->onWakeWorker(nullptr);
  state->host->silence();
  // Before anything is freed that a holder on another thread could be using.
  state->service->revokeAll();
  state->connector->destroy();
  state->host->stop([state] { end(state); });
}

void ServiceBinding::end(State* state) {
  const std::unique_ptr<State> owned(state);
  if (state->binding != nullptr) {
    state->binding->state_ = nullptr;
    state->binding->Unref();
  }
  if (!state->closed.IsEmpty()) {
    const Napi::Env env = state->closed.Env();
    Napi::HandleScope scope(env);
    napi_value result;
    napi_make_callback(env, nullptr, env.Global(), state->closed.Value(), 0, nullptr, &result);
  }
}

void ServiceBinding::close(const Napi::CallbackInfo& info) {
  State& state = open(info.Env());
  state.closed = Napi::Persistent(info[0].As<Napi::Function>());
  begin(&state);
}

Napi::Value ServiceBinding::connect(const Napi::CallbackInfo& info) {
  State& state = open(info.Env());
  auto endpoint = EndpointBinding::from(info[0]);
  const auto id = state.channel->slots.allocate();
  if (!id) return Napi::Boolean::New(info.Env(), false);
  state.service->connect({*id, std::move(endpoint), number(info, 1), true});
  state.host->wake();
  return Napi::Boolean::New(info.Env(), true);
}

void ServiceBinding::abandon(const Napi::CallbackInfo& info) {
  State& state = open(info.Env());
  if (BioHost::inside()) throw Napi::Error::New(info.Env(), "not while a BIO is called");
  state.service->abandon(number(info, 0));
  state.host->wake();
}

void ServiceBinding::countMessages(const Napi::CallbackInfo& info) {
  open(info.Env()).service->countMessages(number(info, 0), info[1].ToBoolean());
}

void ServiceBinding::stopCounting(const Napi::CallbackInfo& info) {
  open(info.Env()).service->stopCounting(number(info, 0));
}

Napi::Value ServiceBinding::received(const Napi::CallbackInfo& info) {
  const CountingSink* counter = open(info.Env()).service->counter(number(info, 0));
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("messages", Napi::BigInt::New(info.Env(), counter ? counter->messages() : 0));
  object.Set("bytes", Napi::BigInt::New(info.Env(), counter ? counter->bytes() : 0));
  return object;
}

void ServiceBinding::release(const Napi::CallbackInfo& info) {
  open(info.Env()).channel->slots.release(connectionId(info));
}

Napi::Value ServiceBinding::acquire(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), open(info.Env()).outbox.acquire());
}

Napi::Value ServiceBinding::slab(const Napi::CallbackInfo& info) {
  return slabBuffer(info.Env(), open(info.Env()).outbox.slab(number(info, 0)));
}

Napi::Value ServiceBinding::submit(const Napi::CallbackInfo& info) {
  State& state = open(info.Env());
  const uint32_t index = number(info, 0);
  if (BioHost::inside()) {
    if (const SlabRef slab = state.outbox.slab(index)) {
      state.deferred.append(reinterpret_cast<const char*>(slab->data()),
                            std::min<size_t>(number(info, 1), slab->size()));
    }
    state.host->wake();
    return Napi::Number::New(info.Env(), index);
  }
  if (const SlabRef slab = state.outbox.slab(index)) {
    state.service->apply(slab->data(), std::min<size_t>(number(info, 1), slab->size()),
                         Source::handler);
  }
  state.service->finishTurn();
  return Napi::Number::New(info.Env(), index);
}

void ServiceBinding::submitLarge(const Napi::CallbackInfo& info) {
  State& state = open(info.Env());
  const auto payload = info[5].As<Napi::Uint8Array>();
  if (BioHost::inside()) {
    Record record = largeRecord(info);
    record.size = static_cast<uint32_t>(recordSize(record.length));
    const size_t at = state.deferred.size();
    state.deferred.append(reinterpret_cast<const char*>(&record), sizeof record);
    state.deferred.append(reinterpret_cast<const char*>(payload.Data()), record.length);
    state.deferred.resize(at + record.size);
    state.host->wake();
    return;
  }
  state.service->apply(largeRecord(info), payload.Data(), Source::handler);
  state.service->finishTurn();
}

Napi::Value ServiceBinding::takeExternal(const Napi::CallbackInfo& info) {
  return reader_->takeExternal(info.Env());
}

Napi::Value ServiceBinding::copyShown(const Napi::CallbackInfo& info) {
  return reader_->copyShown(info);
}

Napi::Value ServiceBinding::ledger(const Napi::CallbackInfo& info) {
  return ledgerArray(info.Env(), open(info.Env()).channel->slots.segment(number(info, 0)));
}

Napi::Value ServiceBinding::held(const Napi::CallbackInfo& info) {
  return heldArray(info.Env(), open(info.Env()).channel);
}

Napi::Value ServiceBinding::figures(const Napi::CallbackInfo& info) {
  return figuresArray(info.Env(), open(info.Env()).channel->slots.figures(number(info, 0)));
}

Napi::Value ServiceBinding::sampleTcp(const Napi::CallbackInfo& info) {
  const uint32_t next = open(info.Env())
                            .service->sampleTcp(number(info, 0), number(info, 1),
                                                info[2].As<Napi::Boolean>().Value());
  return Napi::Number::New(info.Env(), next);
}

Napi::Value ServiceBinding::workerFigures(const Napi::CallbackInfo& info) {
  return workerFiguresArray(info.Env(), open(info.Env()).channel);
}

void ServiceBinding::flush(const Napi::CallbackInfo& info) {
  State& state = open(info.Env());
  if (BioHost::inside()) return state.host->wake();
  state.service->flushNow(connectionId(info));
  state.host->wake();  // it may have ended
}

Napi::Value ServiceBinding::addresses(const Napi::CallbackInfo& info) {
  Fields fields;
  const Connection* connection = open(info.Env()).service->find(connectionId(info));
  if (connection != nullptr && connection->established()) {
    describeAddresses(connection->fd(), fields);
  }
  return bufferOf(info.Env(), fields.encode());
}

Napi::Value ServiceBinding::listen(const Napi::CallbackInfo& info) {
  State& state = open(info.Env());
  auto target = std::make_unique<Target>(
      *state.service, modeOf(info[3].As<Napi::String>().Utf8Value()), number(info, 4));
  const int port = state.connector->listen(EndpointBinding::from(info[0]),
                                           info[1].As<Napi::String>().Utf8Value().c_str(),
                                           static_cast<int>(number(info, 2)), *target);
  state.targets.push_back(std::move(target));
  return Napi::Number::New(info.Env(), port);
}

Napi::Value ServiceBinding::counts(const Napi::CallbackInfo& info) {
  TargetCounts sum;
  for (const auto& target : open(info.Env()).targets) {
    sum.opened += target->counts().opened;
    sum.closed += target->counts().closed;
    sum.messages += target->counts().messages;
    sum.bytes += target->counts().bytes;
  }
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("opened", static_cast<double>(sum.opened));
  object.Set("closed", static_cast<double>(sum.closed));
  object.Set("messages", static_cast<double>(sum.messages));
  object.Set("bytes", static_cast<double>(sum.bytes));
  return object;
}

Napi::Value ServiceBinding::bioBytes(const Napi::CallbackInfo& info) {
  return open(info.Env()).bios->bytes(info.Env());
}

void ServiceBinding::bioFill(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Uint8Array>();
  open(info.Env()).bios->fill(bytes.Data(), bytes.ByteLength());
}

Napi::Value ServiceBinding::bioBelow(const Napi::CallbackInfo& info) {
  auto bytes = info[1].As<Napi::Uint8Array>();
  return Napi::Number::New(
      info.Env(), open(info.Env())
                      .bios->below(info.Env(), info[0].As<Napi::Boolean>().Value(), bytes.Data(),
                                   bytes.ByteLength()));
}

void ServiceBinding::recordFlights(const Napi::CallbackInfo& info) {
  State& state = open(info.Env());
  state.service->recordFlights({roundedFlight(number(info, 0)), number(info, 1), number(info, 2)});
}

Napi::Value ServiceBinding::flightRecord(const Napi::CallbackInfo& info) {
  return bufferOrNone(info.Env(), copyFlight(open(info.Env()).channel->slots, connectionId(info)));
}

Napi::Value ServiceBinding::uringRefusal(const Napi::CallbackInfo& info) {
  std::string reason;
  if (makePoller(PollerKind::uring, reason)) return info.Env().Undefined();
  return Napi::String::New(info.Env(), reason);
}

void ServiceBinding::define(Napi::Env env, Napi::Object exports) {
  exports.Set("uringRefusal", Napi::Function::New<uringRefusal>(env, "uringRefusal"));
  exports.Set("Service",
              DefineClass(env, "Service",
                          {InstanceMethod<&ServiceBinding::connect>("connect"),
                           InstanceMethod<&ServiceBinding::abandon>("abandon"),
                           InstanceMethod<&ServiceBinding::countMessages>("countMessages"),
                           InstanceMethod<&ServiceBinding::stopCounting>("stopCounting"),
                           InstanceMethod<&ServiceBinding::received>("received"),
                           InstanceMethod<&ServiceBinding::release>("release"),
                           InstanceMethod<&ServiceBinding::acquire>("acquire"),
                           InstanceMethod<&ServiceBinding::slab>("slab"),
                           InstanceMethod<&ServiceBinding::submit>("submit"),
                           InstanceMethod<&ServiceBinding::submitLarge>("submitLarge"),
                           InstanceMethod<&ServiceBinding::takeExternal>("takeExternal"),
                           InstanceMethod<&ServiceBinding::copyShown>("copyShown"),
                           InstanceMethod<&ServiceBinding::ledger>("ledger"),
                           InstanceMethod<&ServiceBinding::held>("held"),
                           InstanceMethod<&ServiceBinding::figures>("figures"),
                           InstanceMethod<&ServiceBinding::sampleTcp>("sampleTcp"),
                           InstanceMethod<&ServiceBinding::workerFigures>("workerFigures"),
                           InstanceMethod<&ServiceBinding::flush>("flush"),
                           InstanceMethod<&ServiceBinding::addresses>("addresses"),
                           InstanceMethod<&ServiceBinding::listen>("listen"),
                           InstanceMethod<&ServiceBinding::counts>("counts"),
                           InstanceMethod<&ServiceBinding::bioBytes>("bioBytes"),
                           InstanceMethod<&ServiceBinding::bioFill>("bioFill"),
                           InstanceMethod<&ServiceBinding::bioBelow>("bioBelow"),
                           InstanceMethod<&ServiceBinding::recordFlights>("recordFlights"),
                           InstanceMethod<&ServiceBinding::flightRecord>("flightRecord"),
                           InstanceMethod<&ServiceBinding::close>("close")}));
}

}  // namespace lwspool

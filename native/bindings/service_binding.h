// JavaScript: new Service(channelKey, handshakesInFlight, onEvents, onBio, uring), a worker's
// service. All methods on the worker's thread.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>
#include <optional>
#include <vector>

#include "../core/channel/channel.h"
#include "../core/lws/lws_connector.h"
#include "../core/net/log_sink.h"
#include "../core/net/service.h"
#include "../core/target/target.h"
#include "bio_host.h"
#include "event_reader.h"
#include "loop_host.h"
#include "teardown.h"

namespace lwspool {

class ServiceBinding : public Napi::ObjectWrap<ServiceBinding> {
 public:
  explicit ServiceBinding(const Napi::CallbackInfo&);
  static void define(Napi::Env, Napi::Object exports);
  // uringRefusal() -> string: why io_uring cannot be a poller here; undefined where it can. Any
  // thread.
  static Napi::Value uringRefusal(const Napi::CallbackInfo&);

 private:
  // connect(endpoint, group) -> boolean: a connection that belongs to this thread; false where no
  // slot is free
  Napi::Value connect(const Napi::CallbackInfo&);
  // abandon(group): gives up what this thread has begun and is not open yet
  void abandon(const Napi::CallbackInfo&);
  // countMessages(group, wanted): see Service
  void countMessages(const Napi::CallbackInfo&);
  void stopCounting(const Napi::CallbackInfo&);
  // received(group) -> { messages, bytes } so far
  Napi::Value received(const Napi::CallbackInfo&);
  // The same as of Channel, for the handlers of this thread.
  void release(const Napi::CallbackInfo&);
  Napi::Value acquire(const Napi::CallbackInfo&);
  Napi::Value slab(const Napi::CallbackInfo&);
  Napi::Value submit(const Napi::CallbackInfo&);
  void submitLarge(const Napi::CallbackInfo&);
  Napi::Value takeExternal(const Napi::CallbackInfo&);
  Napi::Value copyShown(const Napi::CallbackInfo&);
  Napi::Value ledger(const Napi::CallbackInfo&);
  Napi::Value held(const Napi::CallbackInfo&);
  Napi::Value figures(const Napi::CallbackInfo&);
  // sampleTcp(from, count, unread) -> where to go on, 0: nowhere
  Napi::Value sampleTcp(const Napi::CallbackInfo&);
  Napi::Value workerFigures(const Napi::CallbackInfo&);
  // flush(slot, generation): writes what was sent, at once
  void flush(const Napi::CallbackInfo&);
  // addresses(slot, generation) -> fields of both ends, encoded
  Napi::Value addresses(const Napi::CallbackInfo&);
  // listen(endpoint, address, port, mode, floodSize) -> port
  Napi::Value listen(const Napi::CallbackInfo&);
  // counts() -> { opened, closed, messages, bytes } of the target
  Napi::Value counts(const Napi::CallbackInfo&);
  // For BIOs of JavaScript, while one of their functions runs, see BioHost: bioBytes() -> Buffer;
  // bioFill(bytes); bioBelow(write, bytes) -> count
  Napi::Value bioBytes(const Napi::CallbackInfo&);
  void bioFill(const Napi::CallbackInfo&);
  Napi::Value bioBelow(const Napi::CallbackInfo&);
  // recordFlights(events, channel, worker): before the first connection; flightRecord() as of
  // Channel
  void recordFlights(const Napi::CallbackInfo&);
  Napi::Value flightRecord(const Napi::CallbackInfo&);
  // close(callback): closes everything at once, then calls back
  void close(const Napi::CallbackInfo&);

  // All that goes when the service goes; outlives the JavaScript object until its handles are
  // closed. The order is that of destruction, backwards: the connector needs the service, both need
  // the host.
  struct State {
    State(std::shared_ptr<Channel>, ServiceBinding*);

    const std::shared_ptr<Channel> channel;
    EventLog log;  // of what the handlers of this thread consume
    LogSink main;
    LogSink handler;
    Outbox outbox;
    std::unique_ptr<LoopHost> host;
    std::unique_ptr<Service> service;
    std::unique_ptr<LwsConnector> connector;
    std::vector<std::unique_ptr<Target>> targets;
    std::shared_ptr<BioHost> bios;
    std::string deferred;  // records that a BIO's function has written meanwhile
    std::unique_ptr<Teardown> teardown;
    bool closing = false;
    // What belongs to JavaScript; taken away before the environment goes.
    ServiceBinding* binding;
    Napi::FunctionReference closed;  // close()'s callback
  };
  void deliver();
  void fail(const char* thrown);
  void settleBios();
  static void begin(State*);
  static void discard(Napi::Env, std::unique_ptr<State>);
  static void end(State*);
  State& open(Napi::Env);

  State* state_;  // null once it is closed
  std::optional<EventReader> reader_;
};

}  // namespace lwspool

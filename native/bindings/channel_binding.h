// JavaScript: new Channel(capacity, onEvents, counts), the main thread's end of a channel to one
// worker. All methods on the thread that made it.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>

#include "../core/channel/channel.h"
#include "event_reader.h"
#include "loop_handle.h"
#include "teardown.h"

namespace lwspool {

class ChannelBinding : public Napi::ObjectWrap<ChannelBinding> {
 public:
  explicit ChannelBinding(const Napi::CallbackInfo&);
  ~ChannelBinding() override;
  static void define(Napi::Env, Napi::Object exports);

 private:
  Napi::Value key(const Napi::CallbackInfo&);
  // connect(endpoint, group, name: Uint32Array(2)) -> boolean: false where no slot is free
  Napi::Value connect(const Napi::CallbackInfo&);
  // release(slot, generation)
  void release(const Napi::CallbackInfo&);
  // acquire() -> number of a slab; slab(number) -> ArrayBuffer
  Napi::Value acquire(const Napi::CallbackInfo&);
  Napi::Value slab(const Napi::CallbackInfo&);
  // submit(slab, length) -> number of the next slab
  Napi::Value submit(const Napi::CallbackInfo&);
  // submitLarge(type, flags, slot, generation, aux, payload: Uint8Array)
  void submitLarge(const Napi::CallbackInfo&);
  Napi::Value takeExternal(const Napi::CallbackInfo&);
  Napi::Value copyShown(const Napi::CallbackInfo&);
  // ledger(segment), figures(segment), tcpFigures(segment), workerFigures()
  // -> Float64Array | undefined
  Napi::Value ledger(const Napi::CallbackInfo&);
  Napi::Value held(const Napi::CallbackInfo&);
  // flightRecord(slot, generation) -> Buffer, see FlightRecorder::copy(); undefined: there is none
  Napi::Value flightRecord(const Napi::CallbackInfo&);
  // flightOfError(slot, generation) -> the same, as much of it as goes with an error
  Napi::Value flightOfError(const Napi::CallbackInfo&);
  // flightRecords(segment) -> Buffers; undefined behind the last segment
  Napi::Value flightRecords(const Napi::CallbackInfo&);
  Napi::Value figures(const Napi::CallbackInfo&);
  Napi::Value tcpFigures(const Napi::CallbackInfo&);
  Napi::Value workerFigures(const Napi::CallbackInfo&);
  // Whether the process stays alive for what may come.
  void ref(const Napi::CallbackInfo&);
  void unref(const Napi::CallbackInfo&);
  void close(const Napi::CallbackInfo&);

  void closeHandle();

  const std::shared_ptr<Channel> channel_;
  std::optional<EventReader> reader_;
  LoopHandle<uv_async_t> waker_;
  std::unique_ptr<Teardown> teardown_;  // where the handle is closed, that has it for so long
  uint32_t key_ = 0;
};

}  // namespace lwspool

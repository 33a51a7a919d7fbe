#include "channel_binding.h"

#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "../core/channel/flight_reader.h"
#include "arguments.h"
#include "bytes.h"
#include "endpoint_binding.h"
#include "registry.h"
#include "shared_memory.h"

namespace lwspool {

namespace {

// Records that are delivered at once: some 3 ms without what listeners do. What is left is for the
// next turn of the loop, behind timers and other descriptors.
constexpr size_t kAtOnce = 8 * 1024;

}  // namespace

ChannelBinding::ChannelBinding(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<ChannelBinding>(info),
      channel_(std::make_shared<Channel>(number(info, 0), info[2].ToBoolean(),
                                         static_cast<int32_t>(number(info, 3)))) {
  reader_.emplace(
      channel_->events, info[1].As<Napi::Function>(), [this] { channel_->wakeWorker(); }, kAtOnce);
  uv_loop_t* loop;
  napi_get_uv_event_loop(info.Env(), &loop);
  required(waker_.open(uv_async_init, loop, this, [](uv_async_t* async) {
    auto* const binding = static_cast<ChannelBinding*>(async->data);
    Napi::HandleScope scope(binding->Env());
    binding->reader_->deliver(binding->Env());
    if (binding->waker_.get() != nullptr && binding->reader_->behind()) uv_async_send(async);
  }));
  waker_.keepLoop(false);
  key_ = Registry<Channel>::instance().add(channel_);
  teardown_ = std::make_unique<Teardown>(info.Env(), [this] { closeHandle(); });
  channel_->onWakeMain([async = waker_.get()] { uv_async_send(async); });
}

ChannelBinding::~ChannelBinding() { closeHandle(); }

void ChannelBinding::closeHandle() {
  if (waker_.get() == nullptr) return;
  Registry<Channel>::instance().remove(key_);
  channel_->onWakeMain(nullptr);
  waker_.close(std::move(teardown_));
}

Napi::Value ChannelBinding::key(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), key_);
}

Napi::Value ChannelBinding::connect(const Napi::CallbackInfo& info) {
  auto endpoint = EndpointBinding::from(info[0]);
  const auto id = channel_->slots.allocate();
  if (!id) return Napi::Boolean::New(info.Env(), false);
  auto name = info[2].As<Napi::Uint32Array>();
  name[0] = id->slot;
  name[1] = id->generation;
  channel_->push(ConnectCommand{*id, std::move(endpoint), number(info, 1), false});
  return Napi::Boolean::New(info.Env(), true);
}

void ChannelBinding::release(const Napi::CallbackInfo& info) {
  channel_->slots.release(connectionId(info));
}

Napi::Value ChannelBinding::acquire(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), channel_->outbox.acquire());
}

Napi::Value ChannelBinding::slab(const Napi::CallbackInfo& info) {
  return slabBuffer(info.Env(), channel_->outbox.slab(number(info, 0)));
}

Napi::Value ChannelBinding::submit(const Napi::CallbackInfo& info) {
  channel_->push(Commands{number(info, 0), number(info, 1)});
  return acquire(info);
}

void ChannelBinding::submitLarge(const Napi::CallbackInfo& info) {
  const auto payload = info[5].As<Napi::Uint8Array>();
  LargeCommand large;
  large.record = largeRecord(info);
  if (!large.payload.reallocate(payload.ByteLength())) {
    throw Napi::RangeError::New(info.Env(), "no memory for the message");
  }
  std::memcpy(large.payload.data(), payload.Data(), payload.ByteLength());
  large.payload.grow(payload.ByteLength());
  channel_->push(std::move(large));
}

Napi::Value ChannelBinding::takeExternal(const Napi::CallbackInfo& info) {
  return reader_->takeExternal(info.Env());
}

Napi::Value ChannelBinding::copyShown(const Napi::CallbackInfo& info) {
  return reader_->copyShown(info);
}

Napi::Value ChannelBinding::ledger(const Napi::CallbackInfo& info) {
  return ledgerArray(info.Env(), channel_->slots.segment(number(info, 0)));
}

Napi::Value ChannelBinding::held(const Napi::CallbackInfo& info) {
  return heldArray(info.Env(), channel_);
}

Napi::Value ChannelBinding::flightRecord(const Napi::CallbackInfo& info) {
  return bufferOrNone(info.Env(), copyFlight(channel_->slots, connectionId(info)));
}

Napi::Value ChannelBinding::flightOfError(const Napi::CallbackInfo& info) {
  return bufferOrNone(info.Env(),
                      copyFlight(channel_->slots, connectionId(info), FlightRecorder::kAttached));
}

Napi::Value ChannelBinding::flightRecords(const Napi::CallbackInfo& info) {
  std::vector<std::string> records;
  if (!copyFlights(channel_->slots, number(info, 0), records)) return info.Env().Undefined();
  Napi::Array list = Napi::Array::New(info.Env(), records.size());
  for (uint32_t i = 0; i < records.size(); i++) list.Set(i, bufferOf(info.Env(), records[i]));
  return list;
}

Napi::Value ChannelBinding::figures(const Napi::CallbackInfo& info) {
  return figuresArray(info.Env(), channel_->slots.figures(number(info, 0)));
}

Napi::Value ChannelBinding::tcpFigures(const Napi::CallbackInfo& info) {
  return tcpArray(info.Env(), channel_->slots.tcp(number(info, 0)));
}

Napi::Value ChannelBinding::workerFigures(const Napi::CallbackInfo& info) {
  return workerFiguresArray(info.Env(), channel_);
}

void ChannelBinding::ref(const Napi::CallbackInfo&) { waker_.keepLoop(true); }

void ChannelBinding::unref(const Napi::CallbackInfo&) { waker_.keepLoop(false); }

void ChannelBinding::close(const Napi::CallbackInfo&) {
  closeHandle();
  reader_->close();
}

void ChannelBinding::define(Napi::Env env, Napi::Object exports) {
  exports.Set("Channel",
              DefineClass(env, "Channel",
                          {InstanceAccessor<&ChannelBinding::key>("key"),
                           InstanceMethod<&ChannelBinding::connect>("connect"),
                           InstanceMethod<&ChannelBinding::release>("release"),
                           InstanceMethod<&ChannelBinding::acquire>("acquire"),
                           InstanceMethod<&ChannelBinding::slab>("slab"),
                           InstanceMethod<&ChannelBinding::submit>("submit"),
                           InstanceMethod<&ChannelBinding::submitLarge>("submitLarge"),
                           InstanceMethod<&ChannelBinding::takeExternal>("takeExternal"),
                           InstanceMethod<&ChannelBinding::copyShown>("copyShown"),
                           InstanceMethod<&ChannelBinding::ledger>("ledger"),
                           InstanceMethod<&ChannelBinding::held>("held"),
                           InstanceMethod<&ChannelBinding::flightRecord>("flightRecord"),
                           InstanceMethod<&ChannelBinding::flightOfError>("flightOfError"),
                           InstanceMethod<&ChannelBinding::flightRecords>("flightRecords"),
                           InstanceMethod<&ChannelBinding::figures>("figures"),
                           InstanceMethod<&ChannelBinding::tcpFigures>("tcpFigures"),
                           InstanceMethod<&ChannelBinding::workerFigures>("workerFigures"),
                           InstanceMethod<&ChannelBinding::ref>("ref"),
                           InstanceMethod<&ChannelBinding::unref>("unref"),
                           InstanceMethod<&ChannelBinding::close>("close")}));
}

}  // namespace lwspool

#include "event_reader.h"

#include <exception>
#include <utility>

#include "../core/base/barrier.h"
#include "arguments.h"
#include "message_memory.h"
#include "shared_memory.h"

namespace lwspool {

EventReader::EventReader(EventLog& log, Napi::Function callback, std::function<void()> room,
                         size_t records)
    : log_(log), room_(std::move(room)), atOnce_(records), callback_(Napi::Persistent(callback)) {}

Napi::Value EventReader::View::of(Napi::Env env, const SlabRef& wanted) {
  if (!wanted) return env.Undefined();
  if (slab.get() == wanted.get()) return buffer.Value();
  const auto made = slabBuffer(env, wanted).As<Napi::ArrayBuffer>();
  slab = wanted;
  buffer = Napi::Persistent(made);
  return made;
}

// Called from the loop, where no C++ exception may get to. The calls into JavaScript fail only when
// the thread is being terminated; what is left of the events goes with it.
void EventReader::deliver(Napi::Env env) {
  try {
    deliverAll(env);
  } catch (const Napi::Error&) {
  } catch (const std::exception& thrown) {
    Barrier::guard(
        [&] { napi_fatal_exception(env, Napi::Error::New(env, thrown.what()).Value()); });
  }
}

void EventReader::deliverAll(Napi::Env env) {
  behind_ = false;
  if (callback_.IsEmpty()) return;
  Napi::HandleScope whole(env);
  const Napi::Function callback = callback_.Value();
  for (const EventLog::Range& range : log_.take(atOnce_, behind_)) {
    Napi::HandleScope scope(env);
    // The dispatcher in JavaScript catches what listeners and handlers throw; what comes through
    // all the same is for the process' own handler of uncaught exceptions.
    napi_value arguments[] = {
        records_.of(env, range.slab), Napi::Number::New(env, static_cast<double>(range.begin)),
        Napi::Number::New(env, static_cast<double>(range.end)), shown_.of(env, range.shown)};
    napi_value result;
    const napi_status status =
        napi_make_callback(env, nullptr, env.Global(), callback, 4, arguments, &result);
    if (status == napi_pending_exception) {
      napi_value exception;
      napi_get_and_clear_last_exception(env, &exception);
      napi_fatal_exception(env, exception);
    }
    consumed(range.bytes, range.records);
  }
}

void EventReader::consumed(size_t bytes, size_t records) {
  if (log_.consumed(bytes, records)) room_();
}

void EventReader::close() { callback_.Reset(); }

Napi::Value EventReader::takeExternal(Napi::Env env) {
  ws::Bytes bytes = log_.takeExternal();
  const size_t size = bytes.size();
  if (size == 0) return Napi::Buffer<uint8_t>::New(env, 0);
  consumed(size, 0);
  return MessageMemory::bufferOf(env, std::move(bytes));
}

Napi::Value EventReader::copyShown(const Napi::CallbackInfo& info) {
  const size_t at = number(info, 0);
  const size_t length = number(info, 1);
  const SlabRef& slab = shown_.slab;
  if (!slab || at > slab->size() || length > slab->size() - at) {
    throw Napi::RangeError::New(info.Env(), "no payload lies there");
  }
  return Napi::Buffer<uint8_t>::Copy(info.Env(), slab->data() + at, length);
}

}  // namespace lwspool

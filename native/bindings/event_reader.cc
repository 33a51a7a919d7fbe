#include "event_reader.h"

#include <utility>

#include "message_memory.h"
#include "shared_memory.h"

namespace lwspool {

EventReader::EventReader(EventLog& log, Napi::Function callback, size_t records)
    : log_(log), records_(records), callback_(Napi::Persistent(callback)) {}

Napi::ArrayBuffer EventReader::bufferOf(Napi::Env env, const SlabRef& slab) {
  if (current_.get() == slab.get()) return buffer_.Value();
  const auto buffer = slabBuffer(env, slab).As<Napi::ArrayBuffer>();
  current_ = slab;
  buffer_ = Napi::Persistent(buffer);
  return buffer;
}

// Called from the loop, where no C++ exception may get to. The calls into JavaScript fail only when
// the thread is being terminated; what is left of the events goes with it.
bool EventReader::deliver(Napi::Env env) {
  try {
    return deliverAll(env);
  } catch (const Napi::Error&) {
    return false;
  }
}

bool EventReader::deliverAll(Napi::Env env) {
  behind_ = false;
  if (callback_.IsEmpty()) return false;
  Napi::HandleScope whole(env);
  const Napi::Function callback = callback_.Value();
  for (const EventLog::Range& range : log_.take(records_, behind_)) {
    Napi::HandleScope scope(env);
    // The dispatcher in JavaScript catches what listeners and handlers throw; what comes through
    // all the same is for the process' own handler of uncaught exceptions.
    const Napi::ArrayBuffer buffer = bufferOf(env, range.slab);
    napi_value arguments[] = {buffer, Napi::Number::New(env, static_cast<double>(range.begin)),
                              Napi::Number::New(env, static_cast<double>(range.end))};
    napi_value result;
    const napi_status status =
        napi_make_callback(env, nullptr, env.Global(), callback, 3, arguments, &result);
    if (status == napi_pending_exception) {
      napi_value exception;
      napi_get_and_clear_last_exception(env, &exception);
      napi_fatal_exception(env, exception);
    }
    awaited_ |= log_.consumed(range.end - range.begin, range.records);
  }
  return std::exchange(awaited_, false);
}

void EventReader::close() { callback_.Reset(); }

Napi::Value EventReader::takeExternal(Napi::Env env) {
  ws::Bytes bytes = log_.takeExternal();
  const size_t size = bytes.size();
  if (size == 0) return Napi::Buffer<uint8_t>::New(env, 0);
  awaited_ |=
      log_.consumed(size, 0);  // said once: deliver(), which called JavaScript, passes it on
  return MessageMemory::bufferOf(env, std::move(bytes));
}

}  // namespace lwspool

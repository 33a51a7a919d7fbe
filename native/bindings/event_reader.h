// Hands the records of an EventLog to JavaScript: a callback gets the memory they lie in, where
// they begin and end, and the memory of the payloads that users see. Thread of the consumer.
#pragma once

#include <napi.h>

#include <functional>

#include "../core/channel/event_log.h"

namespace lwspool {

class EventReader {
 public:
  // Room: called as soon as the producer, which waits to hear of it, may give more. Records: about
  // so many are delivered at once; the rest when deliver() is called again.
  EventReader(EventLog& log, Napi::Function callback, std::function<void()> room,
              size_t records = SIZE_MAX);

  // Calls callback(records: ArrayBuffer, begin: number, end: number, shown: ArrayBuffer |
  // undefined) for everything published, with a callback scope of its own.
  void deliver(Napi::Env);
  // The last deliver() has left something, and nobody but its caller sees to that.
  bool behind() const { return behind_; }
  Napi::Value takeExternal(Napi::Env);
  // copyShown(offset, length) -> Buffer: a payload in the memory that users see, where somebody has
  // transferred that. While it is delivered.
  Napi::Value copyShown(const Napi::CallbackInfo&);
  // Lets go of the callback, which would keep all that it reaches. What is being delivered is
  // delivered whole; after that nothing is.
  void close();

 private:
  // The slab that is being filled is delivered piece by piece: its ArrayBuffer is made once.
  struct View {
    SlabRef slab;
    Napi::Reference<Napi::ArrayBuffer> buffer;

    Napi::Value of(Napi::Env, const SlabRef&);
  };

  void deliverAll(Napi::Env);
  void consumed(size_t bytes, size_t records);

  EventLog& log_;
  const std::function<void()> room_;
  const size_t atOnce_;
  bool behind_ = false;
  Napi::FunctionReference callback_;
  View records_;
  View shown_;
};

}  // namespace lwspool

// JavaScript: new Ring(entries, completions, registered, bufferCount, bufferSize, onAnswers), a
// ring and its operations. All methods on the thread that made it. Those that concern a lease begin
// with (leases, slot, generation, token); a number below zero says that nothing was done, see
// outcome.h.
#pragma once

#include <napi.h>

#include <memory>

#include "ring_host.h"
#include "teardown.h"

namespace lwspool {

class RingBinding : public Napi::ObjectWrap<RingBinding> {
 public:
  // Throws an Error with `errno`.
  explicit RingBinding(const Napi::CallbackInfo&);
  ~RingBinding() override;
  static void define(Napi::Env, Napi::Object exports);

 private:
  // features() -> { errno, features: string[], opcodes: string[] }
  static Napi::Value features(const Napi::CallbackInfo&);
  // nextChain() -> number
  static Napi::Value nextChain(const Napi::CallbackInfo&);
  // attach(lease) -> target
  Napi::Value attach(const Napi::CallbackInfo&);
  // detach(leases, slot, generation, target)
  void detach(const Napi::CallbackInfo&);
  // Each answers the number of an operation, which start() starts.
  // poll(lease, chain, target, events, multishot)
  Napi::Value poll(const Napi::CallbackInfo&);
  // receive(lease, chain, target, parts: Uint8Array[], all)
  Napi::Value receive(const Napi::CallbackInfo&);
  // receiveMany(lease, chain, target)
  Napi::Value receiveMany(const Napi::CallbackInfo&);
  // send(lease, chain, target, parts: Uint8Array[], zeroCopy)
  Napi::Value send(const Napi::CallbackInfo&);
  // timeout(milliseconds, linked)
  Napi::Value timeout(const Napi::CallbackInfo&);
  // start(operations: number[]) -> 0
  Napi::Value start(const Napi::CallbackInfo&);
  void discard(const Napi::CallbackInfo&);
  void cancel(const Napi::CallbackInfo&);
  // submit(): at once, not at the end of the turn
  void submit(const Napi::CallbackInfo&);
  // wait(milliseconds)
  void wait(const Napi::CallbackInfo&);
  // take(into: Float64Array) -> how many answers, of three numbers each: operation, result, flags
  Napi::Value take(const Napi::CallbackInfo&);
  // chunk(buffer, size) -> Buffer; gives the ring's buffer back
  Napi::Value chunk(const Napi::CallbackInfo&);
  void close(const Napi::CallbackInfo&);

  struct Handles {
    Handles(const RingOptions& options, std::function<void()> answered)
        : host(options, std::move(answered)) {}
    RingHost host;
    std::unique_ptr<Teardown> teardown;
  };

  // Throws once it is closed.
  Ring& ring();
  Napi::Value create(const Napi::CallbackInfo&, Operation&&, Lane);
  void answered();
  void settle();
  static void stop(Handles*, uint64_t patience);

  Handles* handles_;  // outlive this where the loop has yet to close them; null once closed
  // Weak while nothing is in flight, so that a ring that nobody has any more can go.
  Napi::FunctionReference onAnswers_;
  bool busy_ = false;
};

}  // namespace lwspool

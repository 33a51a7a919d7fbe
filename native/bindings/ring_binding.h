// JavaScript: new Ring(entries, completions, registered, bufferCount, bufferSize, onAnswers, asked,
// answers), a ring and its operations. All methods on the thread that made it.
//
// Both arrays are of 32-bit integers, four for each operation. `asked` has place for as many as can
// be submitted together: kind, target, argument, how many parts of memory. `answers`: place,
// generation, result, flags; the first two are an operation's name.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "../core/lease/leases.h"
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
  // attach(leases, slot, generation, token) -> target, or what refused it, see outcome.h
  Napi::Value attach(const Napi::CallbackInfo&);
  // detach(target)
  void detach(const Napi::CallbackInfo&);
  // start(count, memory: Uint8Array[]) -> 0, with the names of the operations in `asked`, in their
  // order; several are a chain. 1: there is no room. Below 0 see outcome.h: `asked` begins with the
  // number of the one that was refused.
  Napi::Value start(const Napi::CallbackInfo&);
  // cancel(place, generation)
  void cancel(const Napi::CallbackInfo&);
  // submit(): at once, not at the end of the turn
  void submit(const Napi::CallbackInfo&);
  // wait(milliseconds)
  void wait(const Napi::CallbackInfo&);
  // take() -> how many answers there are in `answers`
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
  Leases::Outcome create(const int32_t* asked, const Napi::Array& memory, uint32_t& part,
                         uint64_t chain, uint64_t& id);
  void answered();
  void settle();
  static void stop(Handles*, uint64_t patience);

  // A lease whose socket is a target. JavaScript keeps the leases until it has detached.
  struct Attached {
    Leases* leases = nullptr;
    LeaseName name;
  };

  Handles* handles_;  // outlive this where the loop has yet to close them; null once closed
  // Weak while nothing is in flight, so that a ring that nobody has any more can go.
  Napi::FunctionReference onAnswers_;
  bool busy_ = false;
  std::vector<Attached> attached_;  // by target
  std::vector<uint64_t> started_;   // by start(), for as long as that runs
  // The two arrays, and where they lie.
  Napi::Reference<Napi::Int32Array> askedArray_;
  Napi::Reference<Napi::Int32Array> answersArray_;
  int32_t* asked_;
  int32_t* answers_;
  size_t room_;  // for answers
};

}  // namespace lwspool

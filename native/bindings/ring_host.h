// Runs a ring on the libuv loop of its thread: what was started is submitted right before the loop
// waits, all of it together, and what is answered is told once per batch. Loop's thread only.
#pragma once

#include <functional>

#include "../core/ring/ring.h"
#include "loop_handle.h"

namespace lwspool {

class RingHost {
 public:
  // `answered` takes the answers.
  RingHost(const RingOptions& options, std::function<void()> answered)
      : ring(options), answered_(std::move(answered)) {}
  RingHost(const RingHost&) = delete;
  RingHost& operator=(const RingHost&) = delete;

  // An errno.
  int start(uv_loop_t*);
  // Something was started or cancelled.
  void soon();
  // The loop stays for operations that are in flight.
  void stay(bool wanted);
  // From now on the loop calls nobody; closes the ring, waits for what is in flight (ms) and calls
  // `done` once the handles are closed.
  void stop(uint64_t patience, std::function<void()> done);

  Ring ring;

 private:
  static void onReadable(uv_poll_t*, int status, int events);
  template <class Run>
  void guarded(Run run);
  static void onPrepare(uv_prepare_t*);
  void submit();
  void again();

  std::function<void()> answered_;
  // None of them keeps the loop: that is for what is in flight. Behind the ring, which goes last.
  LoopHandle<uv_poll_t> poll_;
  LoopHandle<uv_prepare_t> prepare_;
  LoopHandle<uv_timer_t> retry_;
};

}  // namespace lwspool

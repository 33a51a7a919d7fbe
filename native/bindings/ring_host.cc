#include "ring_host.h"

#include <utility>

#include "../core/base/barrier.h"

namespace lwspool {

namespace {

// How often what answers lead to is submitted in one turn, before others have theirs.
constexpr int kRounds = 8;
// Milliseconds.
constexpr uint64_t kRetry = 5;

}  // namespace

int RingHost::start(uv_loop_t* loop) {
  if (const int error = ring.open()) return error;
  int failed = poll_.open(uv_poll_init, loop, this, ring.eventDescriptor());
  if (failed == 0) failed = prepare_.open(uv_prepare_init, loop, this);
  if (failed == 0) failed = retry_.open(uv_timer_init, loop, this);
  if (failed == 0) failed = uv_poll_start(poll_.get(), UV_READABLE, onReadable);
  poll_.keepLoop(false);
  prepare_.keepLoop(false);
  retry_.keepLoop(false);
  return -failed;
}

void RingHost::soon() { uv_prepare_start(prepare_.get(), onPrepare); }

void RingHost::stay(bool wanted) { poll_.keepLoop(wanted); }

void RingHost::stop(uint64_t patience, std::function<void()> done) {
  answered_ = nullptr;
  const UntilClosed until = whenClosed(std::move(done));
  ring.close(patience);
  poll_.close(until);
  prepare_.close(until);
  retry_.close(until);
}

void RingHost::onReadable(uv_poll_t* poll, int, int) {
  auto* host = static_cast<RingHost*>(poll->data);
  host->guarded([host] {
    host->ring.clearEvent();
    host->answered_();
  });
}

// What is left undone is done in the next turn.
template <class Run>
void RingHost::guarded(Run run) {
  Barrier::guard(run);
  if (Barrier::taken()[0] != '\0' && answered_) again();
}

void RingHost::onPrepare(uv_prepare_t* prepare) {
  auto* host = static_cast<RingHost*>(prepare->data);
  host->guarded([host] { host->submit(); });
}

void RingHost::again() {
  uv_timer_start(retry_.get(), [](uv_timer_t*) {}, kRetry, 0);
}

// Answers that are there at once need no event, and what they lead to need not wait for a turn.
// What the kernel refuses, or was asked to cancel and has not ended, may bring none: the timer sees
// to it that there is a next turn.
void RingHost::submit() {
  for (int round = 0;; round++) {
    const bool last = round == kRounds;
    if (!last) ring.notify(false);
    const int error = ring.submit();
    if (!last) ring.notify(true);
    if (error != 0) return again();
    if (last || !ring.answered()) break;
    answered_();
    if (!answered_) return;  // it was stopped meanwhile
    if (!ring.unsubmitted() && !ring.cancelling()) break;
  }
  if (ring.cancelling()) return again();
  uv_prepare_stop(prepare_.get());
}

}  // namespace lwspool

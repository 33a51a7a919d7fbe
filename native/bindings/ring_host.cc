#include "ring_host.h"

#include <utility>

#include "../core/barrier.h"

namespace lwspool {

namespace {

// How often what answers lead to is submitted in one turn, before others have theirs.
constexpr int kRounds = 8;
// Milliseconds.
constexpr uint64_t kRetry = 5;

}  // namespace

int RingHost::start(uv_loop_t* loop) {
  if (const int error = ring.open()) return error;
  // The one that can fail comes first: until then the loop knows none of them.
  if (const int failed = uv_poll_init(loop, &poll_, ring.eventDescriptor())) return -failed;
  uv_prepare_init(loop, &prepare_);
  uv_timer_init(loop, &retry_);
  poll_.data = prepare_.data = retry_.data = this;
  uv_poll_start(&poll_, UV_READABLE, onReadable);
  uv_unref(reinterpret_cast<uv_handle_t*>(&poll_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&prepare_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&retry_));
  open_ = 3;
  return 0;
}

void RingHost::soon() { uv_prepare_start(&prepare_, onPrepare); }

void RingHost::stay(bool wanted) {
  auto* const handle = reinterpret_cast<uv_handle_t*>(&poll_);
  if (wanted) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

void RingHost::stop(uint64_t patience, std::function<void()> done) {
  answered_ = nullptr;
  done_ = std::move(done);
  ring.close(patience);
  const uv_close_cb closed = [](uv_handle_t* handle) {
    static_cast<RingHost*>(handle->data)->onClosed();
  };
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&retry_), closed);
}

void RingHost::onClosed() {
  if (--open_ > 0) return;
  const auto done = std::move(done_);
  done();
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
  uv_timer_start(&retry_, [](uv_timer_t*) {}, kRetry, 0);
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
  uv_prepare_stop(&prepare_);
}

}  // namespace lwspool

#include "loop_host.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace lwspool {

LoopHost::LoopHost(uv_loop_t* loop, std::function<void()> deliver)
    : loop_(loop), deliver_(std::move(deliver)) {}

// What was made before something fails is the loop's: stop() closes it.
template <class Handle>
void LoopHost::made(int result, Handle& handle) {
  if (result != 0) throw std::runtime_error(std::string("libuv: ") + uv_err_name(result));
  handle.data = this;
  handles_.push_back(reinterpret_cast<uv_handle_t*>(&handle));
}

void LoopHost::start(Service& service) {
  made(uv_async_init(loop_, &async_, onAsync), async_);
  made(uv_check_init(loop_, &check_), check_);
  made(uv_timer_init(loop_, &timer_), timer_);
  made(uv_poll_init(loop_, &poll_, service.pollDescriptor()), poll_);
  service_ = &service;
  uv_check_start(&check_, onCheck);
  uv_poll_start(&poll_, UV_READABLE, onReadable);
  started_ = true;
}

void LoopHost::silence() {
  service_ = nullptr;
  if (!started_) return;
  uv_poll_stop(&poll_);
  uv_check_stop(&check_);
  uv_timer_stop(&timer_);
}

void LoopHost::stop(std::function<void()> done) {
  if (handles_.empty()) return done();
  done_ = std::move(done);
  for (uv_handle_t* handle : handles_) {
    uv_close(handle, [](uv_handle_t* closed) { static_cast<LoopHost*>(closed->data)->onClosed(); });
  }
}

void LoopHost::onClosed() {
  handles_.pop_back();  // it is their number that counts
  if (!handles_.empty()) return;
  const auto done = std::move(done_);
  done();
}

void LoopHost::onAsync(uv_async_t* async) {
  Service* service = static_cast<LoopHost*>(async->data)->service_;
  if (service != nullptr) service->takeCommands();  // the check does the rest
}

void LoopHost::onReadable(uv_poll_t* poll, int, int) {
  static_cast<LoopHost*>(poll->data)->service_->poll();
}

void LoopHost::onCheck(uv_check_t* check) {
  static_cast<LoopHost*>(check->data)->service_->finishTurn();
}

void LoopHost::onTimer(uv_timer_t* timer) {
  auto* host = static_cast<LoopHost*>(timer->data);
  host->timerSet_ = 0;
  host->service_->timer();
}

void LoopHost::setTimer(uint64_t deadline) {
  if (service_ == nullptr || (timerSet_ != 0 && timerSet_ <= deadline)) return;
  timerSet_ = deadline;
  const uint64_t now = monotonicNow();
  // libuv counts from when its loop last looked at the clock.
  uv_update_time(loop_);
  uv_timer_start(&timer_, onTimer, deadline > now ? deadline - now : 0, 0);
}

}  // namespace lwspool

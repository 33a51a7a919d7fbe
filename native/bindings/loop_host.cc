#include "loop_host.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace lwspool {

LoopHost::LoopHost(uv_loop_t* loop, std::function<void()> deliver)
    : loop_(loop), deliver_(std::move(deliver)) {}

void LoopHost::start(Service& service) {
  service_ = &service;
  async_.data = poll_.data = check_.data = timer_.data = this;
  const int failed = uv_async_init(loop_, &async_, onAsync);
  if (failed != 0) throw std::runtime_error(uv_strerror(failed));
  uv_poll_init(loop_, &poll_, service.pollDescriptor());
  uv_poll_start(&poll_, UV_READABLE, onReadable);
  uv_check_init(loop_, &check_);
  uv_check_start(&check_, onCheck);
  uv_timer_init(loop_, &timer_);
  open_ = 4;
}

void LoopHost::silence() {
  service_ = nullptr;
  uv_poll_stop(&poll_);
  uv_check_stop(&check_);
  uv_timer_stop(&timer_);
}

void LoopHost::stop(std::function<void()> done) {
  done_ = std::move(done);
  const uv_close_cb closed = [](uv_handle_t* handle) {
    static_cast<LoopHost*>(handle->data)->onClosed();
  };
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&check_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), closed);
}

void LoopHost::onClosed() {
  if (--open_ > 0) return;
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

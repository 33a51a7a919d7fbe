#include "loop_host.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "../core/barrier.h"

namespace lwspool {

LoopHost::LoopHost(uv_loop_t* loop, std::function<void()> deliver,
                   std::function<void(const char*)> failed)
    : loop_(loop), deliver_(std::move(deliver)), failed_(std::move(failed)) {}

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

// Also tells of what was thrown where libwebsockets or OpenSSL called us.
template <class Run>
void LoopHost::turn(Run run) {
  if (service_ == nullptr) return;
  Barrier::guard([&] { run(*service_); });
  const char* const thrown = Barrier::taken();
  if (thrown[0] == '\0' || service_ == nullptr) return;
  silence();
  failed_(thrown);
}

void LoopHost::onAsync(uv_async_t* async) {
  // The check does the rest.
  static_cast<LoopHost*>(async->data)->turn([](Service& service) { service.takeCommands(); });
}

void LoopHost::onReadable(uv_poll_t* poll, int, int) {
  static_cast<LoopHost*>(poll->data)->turn([](Service& service) { service.poll(); });
}

void LoopHost::onCheck(uv_check_t* check) {
  static_cast<LoopHost*>(check->data)->turn([](Service& service) { service.finishTurn(); });
}

void LoopHost::onTimer(uv_timer_t* timer) {
  auto* host = static_cast<LoopHost*>(timer->data);
  host->timerSet_ = 0;
  host->turn([](Service& service) { service.timer(); });
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

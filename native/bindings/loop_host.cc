#include "loop_host.h"

#include <utility>

#include "../core/base/barrier.h"

namespace lwspool {

LoopHost::LoopHost(uv_loop_t* loop, std::function<void()> deliver,
                   std::function<void(const char*)> failed)
    : loop_(loop), deliver_(std::move(deliver)), failed_(std::move(failed)) {}

void LoopHost::start(Service& service) {
  required(async_.open(uv_async_init, loop_, this, onAsync));
  required(check_.open(uv_check_init, loop_, this));
  required(timer_.open(uv_timer_init, loop_, this));
  required(poll_.open(uv_poll_init, loop_, this, service.pollDescriptor()));
  required(uv_check_start(check_.get(), onCheck));
  required(uv_poll_start(poll_.get(), UV_READABLE, onReadable));
  service_ = &service;
}

void LoopHost::silence() {
  service_ = nullptr;
  poll_.close();
  check_.close();
  timer_.close();
}

void LoopHost::stop(std::function<void()> done) {
  silence();
  async_.close(whenClosed(std::move(done)));
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
  uv_timer_start(timer_.get(), onTimer, deadline > now ? deadline - now : 0, 0);
}

}  // namespace lwspool

#include "loop_host.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "../core/barrier.h"

namespace lwspool {

LoopHost::LoopHost(uv_loop_t* loop, std::function<void()> deliver,
                   std::function<void(const char*)> failed)
    : loop_(loop), deliver_(std::move(deliver)), failed_(std::move(failed)) {}

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

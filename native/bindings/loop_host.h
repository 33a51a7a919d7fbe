// Runs a service on a worker's libuv loop: readiness, wake-ups from other threads, time, and the
// end of each turn. Worker thread only, but for wake().
#pragma once

#include <functional>

#include "../core/net/service.h"
#include "loop_handle.h"

namespace lwspool {

class LoopHost final : public Host {
 public:
  // `deliver` hands events over to the worker's JavaScript. `failed` is told, once, that an
  // exception has been thrown where C called us, with its text: by then nobody is called any more.
  LoopHost(uv_loop_t* loop, std::function<void()> deliver, std::function<void(const char*)> failed);
  LoopHost(const LoopHost&) = delete;
  LoopHost& operator=(const LoopHost&) = delete;

  // Throws std::runtime_error; stop() is needed then as well.
  void start(Service&);
  // The service is about to go: from now on the loop calls nobody.
  void silence();
  // The same; calls `done` when the loop knows nothing of us any more.
  void stop(std::function<void()> done);

  // Host. wake(): any thread, between start() and stop().
  void wake() override {
    if (uv_async_t* const async = async_.get()) uv_async_send(async);
  }
  void setTimer(uint64_t deadline) override;
  void deliver() override { deliver_(); }

 private:
  static void onAsync(uv_async_t*);
  static void onReadable(uv_poll_t*, int status, int events);
  static void onCheck(uv_check_t*);
  static void onTimer(uv_timer_t*);
  template <class Run>
  void turn(Run run);

  uv_loop_t* const loop_;
  const std::function<void()> deliver_;
  const std::function<void(const char*)> failed_;
  Service* service_ = nullptr;
  uint64_t timerSet_ = 0;
  LoopHandle<uv_async_t> async_;
  LoopHandle<uv_poll_t> poll_;
  LoopHandle<uv_check_t> check_;
  LoopHandle<uv_timer_t> timer_;
};

}  // namespace lwspool

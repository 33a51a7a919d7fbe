// Runs a service on a worker's libuv loop: readiness, wake-ups from other threads, time, and the
// end of each turn. Worker thread only, but for wake().
#pragma once

#include <uv.h>

#include <functional>
#include <vector>

#include "../core/net/service.h"

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
  // Closes the handles, as many as there are, then calls `done`.
  void stop(std::function<void()> done);

  // Host. wake(): any thread.
  void wake() override { uv_async_send(&async_); }
  void setTimer(uint64_t deadline) override;
  void deliver() override { deliver_(); }

 private:
  template <class Handle>
  void made(int result, Handle&);
  static void onAsync(uv_async_t*);
  static void onReadable(uv_poll_t*, int status, int events);
  static void onCheck(uv_check_t*);
  static void onTimer(uv_timer_t*);
  template <class Run>
  void turn(Run run);
  void onClosed();

  uv_loop_t* const loop_;
  const std::function<void()> deliver_;
  const std::function<void(const char*)> failed_;
  Service* service_ = nullptr;
  uint64_t timerSet_ = 0;
  uv_async_t async_;
  uv_poll_t poll_;
  uv_check_t check_;
  uv_timer_t timer_;
  std::vector<uv_handle_t*> handles_;  // of the four, those that the loop knows
  bool started_ = false;
  std::function<void()> done_;
};

}  // namespace lwspool

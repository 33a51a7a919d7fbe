// A handle of a libuv loop that closes itself. libuv uses it for up to a turn of the loop longer
// than whoever has it, so its memory is its own. The loop's thread only, but for uv_async_send().
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace lwspool {

// Given to handles that are closed, and dropped by each when the loop has closed it.
using UntilClosed = std::shared_ptr<void>;

// Calls `done` when the last of them has dropped it.
inline UntilClosed whenClosed(std::function<void()> done) {
  return UntilClosed(nullptr, [done = std::move(done)](void*) { done(); });
}

// Throws what libuv says has failed.
inline void required(int result) {
  if (result != 0) throw std::runtime_error(std::string("libuv: ") + uv_err_name(result));
}

template <class Uv>
class LoopHandle {
 public:
  LoopHandle() = default;
  ~LoopHandle() { close(); }
  LoopHandle(const LoopHandle&) = delete;
  LoopHandle& operator=(const LoopHandle&) = delete;

  // By uv_async_init() or one of its like, with what that wants beside the loop. Returns what it
  // does: where that is not 0, there is still none.
  template <class... Expected, class... Given>
  [[nodiscard]] int open(int (*init)(uv_loop_t*, Uv*, Expected...), uv_loop_t* loop, void* owner,
                         Given... given) {
    auto made = std::make_unique<Body>();
    if (const int failed = init(loop, made.get(), given...)) return failed;
    made->data = owner;
    body_ = made.release();
    return 0;
  }
  // From now on its owner is not called. Any number of times.
  void close(UntilClosed until = nullptr) {
    Body* const body = std::exchange(body_, nullptr);
    if (body == nullptr) return;
    body->until = std::move(until);
    uv_close(reinterpret_cast<uv_handle_t*>(static_cast<Uv*>(body)),
             [](uv_handle_t* handle) { delete static_cast<Body*>(reinterpret_cast<Uv*>(handle)); });
  }
  // Whether the loop stays for it, as it does for a new one.
  void keepLoop(bool wanted) {
    auto* const handle = reinterpret_cast<uv_handle_t*>(get());
    if (handle != nullptr) wanted ? uv_ref(handle) : uv_unref(handle);
  }
  // Null: it is not open.
  Uv* get() const { return body_; }

 private:
  struct Body : Uv {
    UntilClosed until;
  };

  Body* body_ = nullptr;
};

}  // namespace lwspool

// That libwebsockets has let go of a connection which was detached: told by the worker, awaited by
// whoever took it away. It has a lock of its own, since that of the slot is the next connection's
// by then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace lwspool {

class Departure {
 public:
  // Worker thread, once.
  void tell() {
    std::lock_guard lock(mutex_);
    told_ = true;
    condition_.notify_all();
  }
  // At most that long (ms); false: it was not told. The holder's thread.
  bool wait(uint64_t patience) {
    const auto end = std::chrono::system_clock::now() + std::chrono::milliseconds(patience);
    std::unique_lock lock(mutex_);
    return condition_.wait_until(lock, end, [this] { return told_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool told_ = false;  // guarded by mutex_
};

}  // namespace lwspool

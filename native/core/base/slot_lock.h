// The slot's lock. A worker may hold it for as long as a function of a BIO likes, so other threads
// wait for it with a bound. Where nobody else has it, it costs what a std::mutex does.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace lwspool {

class SlotLock {
 public:
  SlotLock() = default;
  SlotLock(const SlotLock&) = delete;
  SlotLock& operator=(const SlotLock&) = delete;

  // As long as it takes. Worker thread, whose wait is short: nobody else runs JavaScript or waits
  // while holding it.
  void lock() { mutex_.lock(); }
  // Any thread.
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() { mutex_.unlock(); }
  // At most that long; any thread. Milliseconds.
  bool tryLockFor(uint64_t patience) {
    const std::chrono::milliseconds most(patience);
#ifdef __SANITIZE_THREAD__
    // The sanitizer does not know pthread_mutex_clocklock(3), which the line below would be.
    return mutex_.try_lock_until(std::chrono::system_clock::now() + most);
#else
    return mutex_.try_lock_for(most);
#endif
  }

 private:
  std::timed_mutex mutex_;
};

// How long a thread waits for a worker that is using a connection. Milliseconds.
inline constexpr uint64_t kSlotPatience = 250;

}  // namespace lwspool

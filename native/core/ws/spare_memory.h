// Memory of large messages, kept from one to the next. malloc gives blocks of this size back to the
// kernel, which hands out zeroed pages again, one fault for each 4 KiB: that costs more than to
// copy a message into them. One for the process, since who has done with a message is often on
// another thread than the worker that reads the next. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "bytes.h"

namespace lwspool::ws {

class SpareMemory {
 public:
  static constexpr size_t kSmallest = 16 * 1024;    // of one block
  static constexpr size_t kLargest = 1024 * 1024;   // of a message, see FrameDecoder
  static constexpr size_t kMost = 8 * 1024 * 1024;  // of all that are kept
  // Nothing is kept for longer after the last message that could have used it. Milliseconds.
  static constexpr uint64_t kPatience = 1000;

  static SpareMemory& ofProcess();

  SpareMemory() = default;
  SpareMemory(const SpareMemory&) = delete;
  SpareMemory& operator=(const SpareMemory&) = delete;

  // An empty block with room for `size` bytes and not so much more that Bytes::trim() would mind;
  // without memory where none is kept. From now on blocks are, until expiry(): whoever asks sees to
  // it that expire() is called then.
  Bytes take(size_t size);

  // Takes a block that nobody else has or looks at any more. It is freed where there is no use for
  // it; where there is no room, those are that have lain there longest.
  void give(Bytes&& block);

  // When to call expire() next, on the clock of monotonicNow(); 0: nothing is kept, nor will be.
  uint64_t expiry() const { return expiry_.load(std::memory_order_relaxed); }
  // Frees all where nobody has asked for a while.
  void expire(uint64_t now);
  void clear();

  size_t kept();  // bytes

 private:
  std::atomic<uint64_t> expiry_{0};  // written under mutex_

  std::mutex mutex_;           // guards what follows
  std::vector<Bytes> blocks_;  // those given last, which the cache may still have, at the end
  size_t kept_ = 0;
};

}  // namespace lwspool::ws

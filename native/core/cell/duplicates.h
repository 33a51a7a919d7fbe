// How many descriptors of a connection's socket holders have been given and not closed. Whoever
// closes one must not have to wait for the slot's lock, so the count and the generation it belongs
// to are one atomic.
#pragma once

#include <atomic>
#include <cstdint>

namespace lwspool {

class Duplicates {
 public:
  // Another connection has the slot: none yet. Worker thread.
  void begin(uint32_t generation) { state_ = uint64_t{generation} << 32; }
  // One more, with the slot's lock held. Any thread.
  void add() { state_++; }
  // One less, if it is still that connection's. Any thread.
  void drop(uint32_t generation) {
    uint64_t known = state_;
    while (known >> 32 == generation && static_cast<uint32_t>(known) > 0) {
      if (state_.compare_exchange_weak(known, known - 1)) return;
    }
  }
  // Any thread.
  uint32_t count() const { return static_cast<uint32_t>(state_); }

 private:
  std::atomic<uint64_t> state_{0};  // the generation in the upper half, the count in the lower one
};

}  // namespace lwspool

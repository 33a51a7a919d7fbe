#include "spare_memory.h"

#include <utility>

#include "../base/clock.h"

namespace lwspool::ws {

// Never destroyed: threads may still have messages when the process ends.
SpareMemory& SpareMemory::ofProcess() {
  static auto& spares = *new SpareMemory();
  return spares;
}

Bytes SpareMemory::take(size_t size) {
  if (size < kSmallest || size > kLargest) return {};
  std::lock_guard lock(mutex_);
  expiry_.store(monotonicNow() + kPatience, std::memory_order_relaxed);
  for (size_t i = blocks_.size(); i-- > 0;) {
    const size_t capacity = blocks_[i].capacity();
    if (capacity < size || capacity > size + Bytes::excess(size)) continue;
    Bytes block = std::move(blocks_[i]);
    blocks_.erase(blocks_.begin() + static_cast<ptrdiff_t>(i));
    kept_ -= capacity;
    return block;
  }
  return {};
}

void SpareMemory::give(Bytes&& block) {
  Bytes given = std::move(block);
  given.forget();
  const size_t capacity = given.capacity();
  if (capacity < kSmallest || capacity > kLargest + Bytes::excess(kLargest)) return;
  std::vector<Bytes> freed;  // once the lock is not held any more
  std::lock_guard lock(mutex_);
  if (expiry() == 0) return;
  size_t count = 0;
  for (; kept_ + capacity > kMost; count++) {
    kept_ -= blocks_[count].capacity();
    freed.push_back(std::move(blocks_[count]));
  }
  blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<ptrdiff_t>(count));
  blocks_.push_back(std::move(given));
  kept_ += capacity;
}

void SpareMemory::expire(uint64_t now) {
  if (const uint64_t until = expiry(); until == 0 || now < until) return;
  std::vector<Bytes> freed;
  std::lock_guard lock(mutex_);
  if (now < expiry()) return;
  expiry_.store(0, std::memory_order_relaxed);
  freed.swap(blocks_);
  kept_ = 0;
}

void SpareMemory::clear() { expire(UINT64_MAX); }

size_t SpareMemory::kept() {
  std::lock_guard lock(mutex_);
  return kept_;
}

}  // namespace lwspool::ws

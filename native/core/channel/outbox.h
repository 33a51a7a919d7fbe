// Commands from one JavaScript thread to a worker's service, written as records into slabs that
// are used over and over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "record.h"
#include "slab.h"

namespace lwspool {

class Outbox {
 public:
  Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // The writing thread: the number of a slab that nobody reads; get it with slab().
  uint32_t acquire() {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      const uint32_t index = free_.back();
      free_.pop_back();
      return index;
    }
    slabs_.push_back(SlabRef(Slab::create(kSlabSize)));
    return static_cast<uint32_t>(slabs_.size() - 1);
  }
  // Any thread.
  SlabRef slab(uint32_t index) {
    std::lock_guard lock(mutex_);
    return index < slabs_.size() ? slabs_[index] : SlabRef();
  }
  // The reading thread, once it has carried out what the slab holds.
  void recycle(uint32_t index) {
    std::lock_guard lock(mutex_);
    free_.push_back(index);
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::vector<SlabRef> slabs_;
  std::vector<uint32_t> free_;
};

}  // namespace lwspool

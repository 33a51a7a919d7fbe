// A block of memory that records are written into, shared between the thread that writes and the
// JavaScript that reads it through an ArrayBuffer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace lwspool {

inline constexpr size_t kSlabSize = 64 * 1024;

class Slab {
 public:
  // Starts with one reference. Any thread.
  static Slab* create(size_t size) {
    void* memory = std::malloc(sizeof(Slab) + size);
    if (memory == nullptr) throw std::bad_alloc();
    return new (memory) Slab(size);
  }

  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
  size_t size() const { return size_; }

  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      this->~Slab();
      std::free(this);
    }
  }

 private:
  explicit Slab(size_t size) : size_(size) {}
  ~Slab() = default;

  std::atomic<uint32_t> references_{1};
  const size_t size_;
};

// One reference to a slab.
class SlabRef {
 public:
  SlabRef() = default;
  explicit SlabRef(Slab* adopted) : slab_(adopted) {}
  SlabRef(const SlabRef& other) : slab_(other.slab_) {
    if (slab_ != nullptr) slab_->retain();
  }
  SlabRef(SlabRef&& other) noexcept : slab_(std::exchange(other.slab_, nullptr)) {}
  SlabRef& operator=(SlabRef other) noexcept {
    std::swap(slab_, other.slab_);
    return *this;
  }
  ~SlabRef() {
    if (slab_ != nullptr) slab_->release();
  }

  Slab* get() const { return slab_; }
  Slab* operator->() const { return slab_; }
  explicit operator bool() const { return slab_ != nullptr; }

 private:
  Slab* slab_ = nullptr;
};

}  // namespace lwspool

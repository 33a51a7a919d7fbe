// A buffer from malloc, so that it can go to somebody who ends it with free() (a JS ArrayBuffer).
// Owned by one thread at a time; moving it hands it over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace lwspool::ws {

class Bytes {
 public:
  Bytes() = default;
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  Bytes(Bytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Bytes& operator=(Bytes&& other) noexcept {
    if (this != &other) {
      clear();
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  ~Bytes() { std::free(data_); }

  const uint8_t* data() const { return data_; }
  uint8_t* data() { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }

  // Makes the capacity exactly `capacity`, or leaves everything as it is and returns false when
  // there is no memory. Not below size().
  [[nodiscard]] bool reallocate(size_t capacity) {
    if (capacity < size_) return false;
    void* moved = std::realloc(data_, capacity > 0 ? capacity : 1);
    if (moved == nullptr) return false;
    data_ = static_cast<uint8_t*>(moved);
    capacity_ = capacity;
    return true;
  }

  // Counts bytes that were written behind the end, within the capacity.
  void grow(size_t written) { size_ += written; }

  // So much more than `size` bytes is not worth a call of the allocator.
  static constexpr size_t excess(size_t size) { return size / 8 + 64; }

  // Returns the rest to the allocator where that is worth the call.
  void trim() {
    if (capacity_ - size_ > excess(size_)) (void)reallocate(size_);
  }

  // Forgets the bytes, and keeps the memory.
  void forget() { size_ = 0; }

  void clear() {
    std::free(data_);
    data_ = nullptr;
    size_ = capacity_ = 0;
  }

  // Gives the memory away; the caller ends it with free(). nullptr when nothing was allocated.
  uint8_t* release() {
    size_ = capacity_ = 0;
    return std::exchange(data_, nullptr);
  }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace lwspool::ws

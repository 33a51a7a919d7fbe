// Bytes on their way to the kernel: a queue that costs nothing while it is empty.
// Owned by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace lwspool {

class OutBuffer {
 public:
  OutBuffer() = default;
  OutBuffer(const OutBuffer&) = delete;
  OutBuffer& operator=(const OutBuffer&) = delete;
  ~OutBuffer() { std::free(data_); }

  size_t size() const { return tail_ - head_; }
  bool empty() const { return tail_ == head_; }
  uint8_t* front() { return data_ + head_; }

  // Room for `size` more bytes behind the last one; commit() says how many were written.
  uint8_t* reserve(size_t size) {
    if (capacity_ - tail_ < size) makeRoom(size);
    return data_ + tail_;
  }
  void commit(size_t size) { tail_ += size; }
  void append(const void* bytes, size_t size) {
    if (size == 0) return;  // neither side of the copy has to be anywhere then
    std::memcpy(reserve(size), bytes, size);
    commit(size);
  }
  void consume(size_t size) {
    head_ += size;
    if (head_ == tail_) clear();
  }
  void clear() {
    std::free(data_);
    data_ = nullptr;
    head_ = tail_ = capacity_ = 0;
  }

 private:
  void makeRoom(size_t size) {
    const size_t used = tail_ - head_;
    if (head_ >= used && capacity_ - used >= size) {  // moving costs less than growing
      std::memcpy(data_, data_ + head_, used);
    } else {
      size_t capacity = capacity_ < 128 ? 128 : capacity_ * 2;
      if (capacity < used + size) capacity = used + size;
      auto* grown = static_cast<uint8_t*>(std::malloc(capacity));
      if (grown == nullptr) throw std::bad_alloc();
      if (used > 0) std::memcpy(grown, data_ + head_, used);
      std::free(data_);
      data_ = grown;
      capacity_ = capacity;
    }
    head_ = 0;
    tail_ = used;
  }

  uint8_t* data_ = nullptr;
  size_t head_ = 0;
  size_t tail_ = 0;
  size_t capacity_ = 0;
};

}  // namespace lwspool

// Buffers that the kernel takes by itself as bytes arrive (io_uring_register_buf_ring(3)).
// The ring's thread only.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace lwspool {

class BufferRing {
 public:
  static constexpr uint16_t kGroup = 0;

  // `count` is a power of two, at most 32,768.
  BufferRing(uint32_t count, uint32_t size) : count_(count), size_(size) {}
  ~BufferRing();
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;

  // Once; an errno.
  int open(io_uring&);
  uint8_t* at(uint16_t number) { return memory_.get() + size_t{number} * size_; }
  // The kernel may fill it again.
  void giveBack(uint16_t number);

 private:
  const uint32_t count_;
  const uint32_t size_;  // bytes
  io_uring_buf_ring* entries_ = nullptr;
  std::unique_ptr<uint8_t[]> memory_;
};

}  // namespace lwspool

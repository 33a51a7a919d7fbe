#include "buffer_ring.h"

#include <sys/mman.h>

#include <cerrno>
#include <new>

namespace lwspool {

BufferRing::~BufferRing() {
  if (entries_ != nullptr) munmap(entries_, count_ * sizeof(io_uring_buf));
}

int BufferRing::open(io_uring& ring) {
  if (entries_ != nullptr) return 0;
  void* const memory = mmap(nullptr, count_ * sizeof(io_uring_buf), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  memory_.reset(new (std::nothrow) uint8_t[size_t{count_} * size_]);
  io_uring_buf_reg reg{};
  reg.ring_addr = reinterpret_cast<uintptr_t>(memory);
  reg.ring_entries = count_;
  reg.bgid = kGroup;
  const int result = memory_ ? io_uring_register_buf_ring(&ring, &reg, 0) : -ENOMEM;
  if (result != 0) {
    munmap(memory, count_ * sizeof(io_uring_buf));
    return -result;
  }
  entries_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_ring_init(entries_);
  for (uint32_t i = 0; i < count_; i++) giveBack(static_cast<uint16_t>(i));
  return 0;
}

void BufferRing::giveBack(uint16_t number) {
  const int mask = io_uring_buf_ring_mask(count_);
  io_uring_buf_ring_add(entries_, at(number), size_, number, mask, 0);
  io_uring_buf_ring_advance(entries_, 1);
}

}  // namespace lwspool

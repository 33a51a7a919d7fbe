// The clock of deadlines. Any thread.
#pragma once

#include <time.h>

#include <cstdint>

namespace lwspool {

// Milliseconds of a clock that only goes forward.
inline uint64_t monotonicNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
}

}  // namespace lwspool

// Who runs a service: an event loop.
#pragma once

#include <cstdint>

namespace lwspool {

class Host {
 public:
  virtual ~Host() = default;
  // Asks for another turn soon. Worker thread.
  virtual void wake() = 0;
  // Asks for timer() at that time (ms, monotonicNow()).
  virtual void setTimer(uint64_t deadline) = 0;
  // Hands what the worker's own JavaScript consumes over to it, if there is anything. What comes up
  // while it does so is for another turn, which it asks for.
  virtual void deliver() = 0;
};

}  // namespace lwspool

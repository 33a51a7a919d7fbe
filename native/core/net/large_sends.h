// Large messages out. In the queue each would take memory of its own, written and read from one
// end to the other; where nothing waits before it, it goes to the kernel from where it lies. Worker
// thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "send_queue.h"
#include "service_figures.h"

namespace lwspool {

class LargeSends {
 public:
  LargeSends(SendQueue& queue, ServiceFigures& figures) : queue_(queue), figures_(figures) {}
  LargeSends(const LargeSends&) = delete;
  LargeSends& operator=(const LargeSends&) = delete;

  // `first` as in SendQueue::sendFrame().
  void send(Connection&, ws::Opcode, const uint8_t* data, size_t size, uint8_t first);

 private:
  static bool writesAtOnce(const Connection&);
  void write(Connection&, const uint8_t* data, size_t size, size_t following);

  SendQueue& queue_;
  ServiceFigures& figures_;
  // Of messages on their way out; empty before the first. Where a store reaches into a second line
  // of the cache masking takes half as long again.
  struct alignas(64) Line {
    uint8_t bytes[64];
  };
  std::vector<Line> pieces_;
};

}  // namespace lwspool

// Tells which descriptors are ready: level-triggered epoll(7) under a descriptor that the worker's
// loop watches. Worker thread only.
#pragma once

#include <sys/epoll.h>

#include <cstdint>

#include "../channel/record.h"

namespace lwspool {

class Poller {
 public:
  struct Ready {
    ConnectionId id;
    bool readable;  // or broken: reading says how
    bool writable;
    bool broken;  // EPOLLERR or EPOLLHUP, which cannot be masked
  };

  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Itself readable while anything is ready. -1: the kernel refused to make one.
  int descriptor() const { return descriptor_; }

  // Each returns 0 or an errno.
  int add(int fd, ConnectionId id, bool read, bool write);
  int change(int fd, ConnectionId id, bool read, bool write);
  void remove(int fd);

  // Fills `out` (room for kBatch) without waiting and returns how many there are.
  static constexpr int kBatch = 256;
  int wait(Ready* out);

 private:
  int control(int operation, int fd, ConnectionId id, bool read, bool write);

  int descriptor_;
  epoll_event events_[kBatch];
};

}  // namespace lwspool

// Edge-triggered epoll(7) under a descriptor that the worker's loop watches: the kernel need not
// look at each connection twice to see that it has nothing more. Worker thread only.
#pragma once

#include <sys/epoll.h>

#include "poller.h"

namespace lwspool {

class EpollPoller final : public Poller {
 public:
  EpollPoller();
  ~EpollPoller() override;

  int descriptor() const override { return descriptor_; }
  int sharedSet() const override { return descriptor_; }
  const char* syscall() const override { return "epoll_ctl"; }
  int add(int fd, ConnectionId id, bool read, bool write) override;
  int change(int fd, ConnectionId id, bool read, bool write) override;
  void remove(int fd, ConnectionId id) override;
  void settle() override {}
  void clear() override {}  // what is closed leaves by itself
  int wait(Ready* out) override;

 private:
  int control(int operation, int fd, ConnectionId id, bool read, bool write);

  int descriptor_;
  epoll_event events_[kBatch];
};

}  // namespace lwspool

#include "poller.h"

#include <unistd.h>

#include <cerrno>

namespace lwspool {

Poller::Poller() : descriptor_(epoll_create1(EPOLL_CLOEXEC)) {}

Poller::~Poller() {
  if (descriptor_ >= 0) close(descriptor_);
}

int Poller::control(int operation, int fd, ConnectionId id, bool read, bool write) {
  epoll_event event{};
  event.events = (read ? EPOLLIN : 0u) | (write ? EPOLLOUT : 0u);
  event.data.u64 = (uint64_t{id.generation} << 32) | id.slot;
  return epoll_ctl(descriptor_, operation, fd, &event) == 0 ? 0 : errno;
}

int Poller::add(int fd, ConnectionId id, bool read, bool write) {
  return control(EPOLL_CTL_ADD, fd, id, read, write);
}

int Poller::change(int fd, ConnectionId id, bool read, bool write) {
  return control(EPOLL_CTL_MOD, fd, id, read, write);
}

void Poller::remove(int fd) { epoll_ctl(descriptor_, EPOLL_CTL_DEL, fd, nullptr); }

int Poller::wait(Ready* out) {
  const int count = epoll_wait(descriptor_, events_, kBatch, 0);
  for (int i = 0; i < count; i++) {
    const epoll_event& event = events_[i];
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    out[i] = {{static_cast<uint32_t>(event.data.u64), static_cast<uint32_t>(event.data.u64 >> 32)},
              (event.events & EPOLLIN) != 0,
              (event.events & EPOLLOUT) != 0,
              broken};
  }
  return count < 0 ? 0 : count;
}

}  // namespace lwspool

#include "epoll_poller.h"

#include <unistd.h>

#include <cerrno>

namespace lwspool {

EpollPoller::EpollPoller() : descriptor_(epoll_create1(EPOLL_CLOEXEC)) {}

EpollPoller::~EpollPoller() {
  if (descriptor_ >= 0) close(descriptor_);
}

int EpollPoller::control(int operation, int fd, ConnectionId id, bool read, bool write) {
  epoll_event event{};
  event.events = (read ? EPOLLIN | EPOLLRDHUP | EPOLLPRI : 0u) | (write ? EPOLLOUT : 0u) | EPOLLET;
  event.data.u64 = (uint64_t{id.generation} << 32) | id.slot;
  return epoll_ctl(descriptor_, operation, fd, &event) == 0 ? 0 : errno;
}

int EpollPoller::add(int fd, ConnectionId id, bool read, bool write) {
  return control(EPOLL_CTL_ADD, fd, id, read, write);
}

int EpollPoller::change(int fd, ConnectionId id, bool read, bool write) {
  return control(EPOLL_CTL_MOD, fd, id, read, write);
}

void EpollPoller::remove(int fd, ConnectionId) {
  if (fd >= 0) epoll_ctl(descriptor_, EPOLL_CTL_DEL, fd, nullptr);
}

int EpollPoller::wait(Ready* out) {
  const int count = epoll_wait(descriptor_, events_, kBatch, 0);
  for (int i = 0; i < count; i++) {
    const epoll_event& event = events_[i];
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    out[i] = {{static_cast<uint32_t>(event.data.u64), static_cast<uint32_t>(event.data.u64 >> 32)},
              (event.events & EPOLLIN) != 0,
              (event.events & EPOLLOUT) != 0,
              broken,
              (event.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP | EPOLLPRI)) != 0};
  }
  return count < 0 ? 0 : count;
}

}  // namespace lwspool

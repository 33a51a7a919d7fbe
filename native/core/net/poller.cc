#include "poller.h"

#include <cerrno>

#include "epoll_poller.h"
#include "transport.h"
#include "uring_poller.h"

namespace lwspool {

std::unique_ptr<Poller> Poller::make(PollerKind kind, std::string& reason) {
  if (kind == PollerKind::uring) return UringPoller::make(reason);
  auto poller = std::make_unique<EpollPoller>();
  if (poller->descriptor() >= 0) return poller;
  reason = std::string("epoll_create1: ") + errnoName(errno);
  return nullptr;
}

}  // namespace lwspool

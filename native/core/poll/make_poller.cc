#include "make_poller.h"

#include <cerrno>

#include "../base/errno_name.h"
#include "epoll_poller.h"
#include "uring_poller.h"

namespace lwspool {

std::unique_ptr<Poller> makePoller(PollerKind kind, std::string& reason) {
  if (kind == PollerKind::uring) return UringPoller::make(reason);
  auto poller = std::make_unique<EpollPoller>();
  if (poller->descriptor() >= 0) return poller;
  reason = std::string("epoll_create1: ") + errnoName(errno);
  return nullptr;
}

}  // namespace lwspool

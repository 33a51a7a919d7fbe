// The pollers there are. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "poller.h"

namespace lwspool {

enum class PollerKind : uint8_t { epoll, uring };

// Null: the kernel refused, for that reason.
std::unique_ptr<Poller> makePoller(PollerKind, std::string& reason);

}  // namespace lwspool

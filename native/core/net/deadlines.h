// When a connection has to have opened, or closed. Worker thread only.
#pragma once

#include "connection.h"
#include "timers.h"

namespace lwspool {

class Deadlines {
 public:
  // In place of the one that the connection had; 0: it has none any more.
  void arm(Connection& connection, uint64_t deadline) {
    connection.setDeadline(deadline);
    if (deadline != 0) {
      timers_.set(deadline, connection.id);
    } else {
      timers_.remove(connection.id);
    }
  }
  // The next one that has passed.
  bool pop(uint64_t now, Timers::Entry& out) { return timers_.pop(now, out); }
  // When to look again; 0: never.
  uint64_t next() const { return timers_.next(); }

 private:
  Timers timers_;
};

}  // namespace lwspool

// The worker's use of a connection's descriptor, SSL object and decoder: it has the slot's lock for
// as long as this lives. Worker thread only; uses of one connection may lie inside each other.
//
//   ConnectionGuard guard(connection);
//   if (!guard) return;  // somebody holds a lease; the worker hears of it when that comes back
#pragma once

#include "connection.h"

namespace lwspool {

class ConnectionGuard {
 public:
  explicit ConnectionGuard(Connection& connection) : connection_(connection) {
    if (connection.leases.enter()) connection.cell()->mutex.lock();
    if (!*this) connection.cell()->needsService = true;
  }
  ~ConnectionGuard() {
    if (connection_.leases.leave()) connection_.cell()->mutex.unlock();
  }
  ConnectionGuard(const ConnectionGuard&) = delete;
  ConnectionGuard& operator=(const ConnectionGuard&) = delete;

  explicit operator bool() const { return connection_.cell()->ownership == Ownership::worker; }

 private:
  Connection& connection_;
};

}  // namespace lwspool

// The worker's use of a connection's descriptor, SSL object and decoder: it has the slot's lock for
// as long as this lives. Worker thread only; uses of one connection may lie inside each other.
//
//   Use use(connection);
//   if (!use) return;  // somebody holds a lease; the worker hears of it when that comes back
#pragma once

#include "connection.h"

namespace lwspool {

class Use {
 public:
  explicit Use(Connection& connection) : connection_(connection) {
    if (connection.uses++ == 0) connection.cell->mutex.lock();
    if (!*this) connection.cell->work = true;
  }
  ~Use() {
    if (--connection_.uses == 0) connection_.cell->mutex.unlock();
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  explicit operator bool() const { return connection_.cell->right == Right::worker; }

 private:
  Connection& connection_;
};

}  // namespace lwspool

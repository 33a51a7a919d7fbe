#include "pending_reads.h"

#include "../io/transport.h"
#include "connection_guard.h"

namespace lwspool {

void PendingReads::add(Connection& connection) {
  if (connection.input.queue()) return;
  ids_.push_back(connection.id);
  turn_.host.wake();
}

void PendingReads::inputWanted(Connection& connection) {
  ConnectionGuard guard(connection);
  if (!guard) return;
  polls_.update(connection);
  if (connection.reads() && (hasPending(connection.ssl()) || connection.suspended())) {
    add(connection);
  }
}

}  // namespace lwspool

// BIOs of ours as the worker sees them: connections that they put off, and what they report.
#include <algorithm>
#include <string>

#include "../bio/chain.h"
#include "connection_guard.h"
#include "flight_note.h"
#include "service.h"

namespace lwspool {

// A BIO says "retry" although the descriptor is ready. The poller, asked to wait for that, would
// report it again at once, for ever; so the clock is waited for instead, each time for twice as
// long. The lock is held.
void Service::backOff(Connection& connection, bio::Chain& chain) {
  const uint32_t retries = chain.ownRetries();
  if (retries == 0 || connection.backedOff) return;
  connection.backedOff = true;
  note(connection, Flight::slowed);
  bioTimers_.hasten(now_ + chain.nextDelay(), connection.id);
  host_.setTimer(bioTimers_.next());
  connection.wantWrite = false;
  updateInterest(connection);
  warn(connection);
}

// Those whose time has come.
void Service::retryBackedOff() {
  Timers::Entry entry;
  while (bioTimers_.pop(now_, entry)) {
    Connection* connection = find(entry.id);
    if (connection == nullptr) continue;
    if (connection->upgrading()) {
      upgrade(*connection, true, true, true);
      continue;
    }
    if (!connection->established()) {
      connector_->resume(*connection);
      continue;
    }
    if (!connection->backedOff) continue;
    connection->backedOff = false;
    updateInterest(*connection);
    if (connection->reads()) readable(*connection);
    markDirty(*connection);
  }
}

// Also within the HTTP upgrade, where the poller reports nothing anew.
void Service::backOffOpening(Connection& connection, bio::Chain& chain) {
  bioTimers_.hasten(monotonicNow() + chain.nextDelay(), connection.id);
  host_.setTimer(bioTimers_.next());
}

// What a BIO has noted for the user. The lock is held.
void Service::warn(Connection& connection) {
  bio::Chain* const chain = bio::Chain::of(connection.ssl);
  if (chain == nullptr || !chain->hasNotices()) return;
  for (const bio::Chain::Notice& notice : chain->takeNotices()) {
    connection.owner->warned(connection, notice.code, notice.text);
  }
}

}  // namespace lwspool

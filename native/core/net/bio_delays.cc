#include "bio_delays.h"

#include "../bio/chain.h"
#include "flight_note.h"

namespace lwspool {

void BioDelays::backOff(Connection& connection, bio::Chain& chain) {
  const uint32_t retries = chain.ownRetries();
  if (retries == 0 || connection.polling.backedOff()) return;
  connection.polling.backOff();
  note(connection, Flight::slowed);
  look(turn_.now + chain.nextDelay(), connection.id);
  connection.polling.wantRoom(false);
  polls_.update(connection);
  warn(connection);
}

void BioDelays::backOffOpening(Connection& connection, bio::Chain& chain) {
  look(monotonicNow() + chain.nextDelay(), connection.id);
}

void BioDelays::warn(Connection& connection) {
  bio::Chain* const chain = bio::Chain::of(connection.ssl());
  if (chain == nullptr || !chain->hasNotices()) return;
  for (const bio::Chain::Notice& notice : chain->takeNotices()) {
    connection.owner()->warned(connection, notice.code, notice.text);
  }
}

void BioDelays::look(uint64_t when, ConnectionId id) {
  timers_.hasten(when, id);
  turn_.host.setTimer(timers_.next());
}

}  // namespace lwspool

#include "backpressure.h"

#include <utility>

#include "flight_note.h"

namespace lwspool {

Backpressure::Stall Backpressure::stallOf(Connection& connection) const {
  EventSink& sink = *connection.sink;
  if (sink.congested()) return Stall::log;
  const size_t held = connection.ledger->held.load(std::memory_order_relaxed) * kHeldUnit;
  const size_t own = connection.endpoint->highWaterMark;
  const size_t limit = turn_.channel.crowded() ? 0 : own;
  if (connection.unread.bound() <= limit && held <= limit - connection.unread.bound()) {
    return Stall::none;
  }
  for (;;) {
    const size_t unread = connection.unread.look(sink.progress());
    if (unread <= limit && held <= limit - unread) return Stall::none;
    // Others may have to be read before there is room for this one.
    if (held > limit && connection.phase == Phase::closing) return Stall::dropped;
    if (held > limit && unread == 0) {
      if (held > own) return Stall::held;
      (void)sink.awaitTaken(sink.progress().given);
      return Stall::log;
    }
    if (sink.awaitTaken(connection.unread.mark())) return Stall::log;
  }
}

bool Backpressure::holdBack(Connection& connection) {
  const Stall stall = stallOf(connection);
  connection.dropping = stall == Stall::dropped;
  if (stall == Stall::none || connection.dropping) return false;
  connection.stalled = true;
  note(connection, Flight::stalled);
  if (stall == Stall::log) {
    list(connection);
  } else {
    polls_.update(connection);
  }
  requests_.inputStopped(connection);
  return true;
}

void Backpressure::reconsider(Connection& connection) {
  if (!connection.stalled) return;
  const Stall stall = stallOf(connection);
  if (stall == Stall::log) list(connection);
  if (stall != Stall::none && stall != Stall::dropped) return;
  connection.stalled = false;
  note(connection, Flight::unstalled);
  if (!connection.established()) return;
  if (!connection.watched) return pending_.inputWanted(connection);
  // What the poller has told meanwhile it does not tell again.
  if (connection.reads()) pending_.add(connection);
}

// Its wait is short: the poller goes on watching it, and what that told is read afterwards.
void Backpressure::list(Connection& connection) {
  if (!std::exchange(connection.listed, true)) stalled_.push_back(connection.id);
}

void Backpressure::resumeStalled() {
  if (stalled_.empty()) return;
  for (const ConnectionId id : std::exchange(stalled_, {})) {
    Connection* connection = table_.find(id);
    if (connection == nullptr) continue;
    connection->listed = false;
    reconsider(*connection);
  }
}

}  // namespace lwspool

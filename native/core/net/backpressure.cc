#include "backpressure.h"

#include <utility>

#include "flight_note.h"

namespace lwspool {

Backpressure::Stall Backpressure::stallOf(Connection& connection) const {
  EventSink& sink = *connection.sink();
  if (sink.congested()) return Stall::log;
  const size_t held = connection.ledger()->held.load(std::memory_order_relaxed) * kHeldUnit;
  const size_t own = connection.endpoint()->highWaterMark;
  const size_t limit = turn_.channel.crowded() ? 0 : own;
  if (connection.input.unread.bound() <= limit && held <= limit - connection.input.unread.bound()) {
    return Stall::none;
  }
  for (;;) {
    const size_t unread = connection.input.unread.look(sink.progress());
    if (unread <= limit && held <= limit - unread) return Stall::none;
    // Others may have to be read before there is room for this one.
    if (held > limit && connection.phase() == Phase::closing) return Stall::dropped;
    if (held > limit && unread == 0) {
      if (held > own) return Stall::held;
      (void)sink.awaitTaken(sink.progress().given);
      return Stall::log;
    }
    if (sink.awaitTaken(connection.input.unread.mark())) return Stall::log;
  }
}

bool Backpressure::holdBack(Connection& connection) {
  const Stall stall = stallOf(connection);
  connection.input.drop(stall == Stall::dropped);
  if (stall == Stall::none || connection.input.drops()) return false;
  connection.input.stall();
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
  if (!connection.input.stalled()) return;
  const Stall stall = stallOf(connection);
  if (stall == Stall::log) list(connection);
  if (stall != Stall::none && stall != Stall::dropped) return;
  connection.input.resume();
  note(connection, Flight::unstalled);
  if (!connection.established()) return;
  if (!connection.polling.asksInput()) return pending_.inputWanted(connection);
  // What the poller has told meanwhile it does not tell again.
  if (connection.reads()) pending_.add(connection);
}

// Its wait is short: the poller goes on watching it, and what that told is read afterwards.
void Backpressure::list(Connection& connection) {
  if (!connection.input.list()) stalled_.push_back(connection.id);
}

void Backpressure::resumeStalled() {
  if (stalled_.empty()) return;
  for (const ConnectionId id : std::exchange(stalled_, {})) {
    Connection* connection = table_.find(id);
    if (connection == nullptr) continue;
    connection->input.unlist();
    reconsider(*connection);
  }
}

}  // namespace lwspool

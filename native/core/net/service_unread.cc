// How much may wait for a connection's consumer: its highWaterMark, one read more, and the message
// that is being put together. What waits lies in the log of the consumer, of which the worker knows
// by itself how far it is read, and in JavaScript, which says how much that is (LedgerEntry::held)
// and when it gets less (Command::taken).
//
// A connection that waits for its consumer is not read; the kernel's buffers fill, and then its
// peer's. One that is closing has to be read, since its peer's answer lies behind what comes
// before: what nobody takes then is thrown away.
#include "connection_guard.h"
#include "flight_note.h"
#include "service.h"

namespace lwspool {

// Why it is not to be read for now. Log: what it gave lies there, and its consumer is waited for.
// Held: JavaScript has that much of it. Dropped: the same, and it is read to be thrown away.
Service::Stall Service::stallOf(Connection& connection) {
  EventSink& sink = *connection.sink;
  if (sink.congested()) return Stall::log;
  const size_t held = connection.ledger->held.load(std::memory_order_relaxed) * kHeldUnit;
  const size_t own = connection.endpoint->highWaterMark;
  const size_t limit = channel_.crowded() ? 0 : own;
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

// Whether it is not to be read for now; of one that is, what becomes of what comes.
bool Service::holdBack(Connection& connection) {
  const Stall stall = stallOf(connection);
  connection.dropping = stall == Stall::dropped;
  if (stall == Stall::none || connection.dropping) return false;
  connection.stalled = true;
  note(connection, Flight::stalled);
  if (stall == Stall::log) {
    list(connection);
  } else {
    updateInterest(connection);
  }
  inputStopped(connection);
  return true;
}

// Its consumer has come further, or JavaScript holds less of it.
//
// EPOLLERR and EPOLLHUP are reported for as long as they hold. While nobody wants to read, the
// descriptor leaves the poll set; what the peer sent before it broke is read once somebody does.
void Service::reconsider(Connection& connection) {
  if (!connection.stalled) return;
  const Stall stall = stallOf(connection);
  if (stall == Stall::log) list(connection);
  if (stall != Stall::none && stall != Stall::dropped) return;
  connection.stalled = false;
  note(connection, Flight::unstalled);
  if (!connection.established()) return;
  if (!connection.watched) return inputWanted(connection);
  // What the poller has told meanwhile it does not tell again.
  if (connection.reads()) readLater(connection);
}

// Its wait is short: the poller goes on watching it, and what that told is read afterwards.
void Service::list(Connection& connection) {
  if (!std::exchange(connection.listed, true)) stalled_.push_back(connection.id);
}

void Service::resumeStalled() {
  if (stalled_.empty()) return;
  std::vector<ConnectionId> stalled;
  stalled.swap(stalled_);
  for (const ConnectionId id : stalled) {
    Connection* connection = find(id);
    if (connection == nullptr) continue;
    connection->listed = false;
    reconsider(*connection);
  }
}

}  // namespace lwspool

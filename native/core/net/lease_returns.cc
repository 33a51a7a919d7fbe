#include "lease_returns.h"

#include <utility>
#include <vector>

#include "../base/clock.h"
#include "../cell/lent_socket.h"
#include "connection_guard.h"
#include "flight_note.h"

namespace lwspool {

LeaseReturns::LeaseReturns(const Turn& turn, ConnectionTable& table, const Sinks& sinks,
                           PollSet& polls, PendingReads& pending, SendQueue& queue,
                           LeaseRequests& requests, Closer& closer, Reader& reader)
    : turn_(turn),
      table_(table),
      sinks_(sinks),
      polls_(polls),
      pending_(pending),
      queue_(queue),
      requests_(requests),
      closer_(closer),
      reader_(reader) {}

void LeaseReturns::leaseNews(ConnectionId id) {
  Connection* found = table_.find(id);
  if (found == nullptr || !found->established()) return;
  Connection& connection = *found;
  ConnectionGuard guard(connection);
  LeaseCell& cell = *connection.cell();
  if (cell.ownership == Ownership::detached) return closer_.forget(connection);
  if (cell.ownership == Ownership::returned) {
    cell.ownership = Ownership::worker;
    cell.needsService = false;
    applyVerdict(connection, std::exchange(cell.verdict, {}));
    if (connection.established()) resumePolling(connection);
  }
  queue_.markDirty(connection);
}

void LeaseReturns::leaseReturn(const LeaseReturn& late) {
  Connection* connection = table_.find(late.id);
  if (connection == nullptr || !connection->established()) return;
  ConnectionGuard guard(*connection);
  LeaseCell& cell = *connection->cell();
  const uint64_t now = monotonicNow();
  const uint32_t generation = late.id.generation;
  const bool exclusive = cell.holds(generation, late.token, now);
  if (!exclusive && !cell.holdsShared(generation, late.token, now)) return;
  if (exclusive && !late.intact) cell.hold().taint("its descriptor was closed");
  if (cell.end(late.token, -1)) leaseNews(late.id);
}

// Does what the holder's doings ask for.
void LeaseReturns::applyVerdict(Connection& connection, const Verdict& verdict) {
  if (verdict.error != 0 && !verdict.closeReceived) {
    return closer_.lost(connection, verdict.syscall, verdict.error, verdict.reason);
  }
  if (verdict.taint != nullptr) {
    CloseInfo& info = connection.ending.info();
    if (!info.error) {
      info.code = 1006;
      info.error.code = "ERR_LEASE_TAINTED";
      info.error.fields.set("reason", verdict.taint);
      noteError(connection, 0, 0, connection.fd());
    }
    return closer_.finish(connection);
  }
  if (verdict.finSent || verdict.closeSent) {
    // Nothing may follow; what was sent during the lease is too late.
    connection.output.drop();
  }
  if (verdict.finSent) {
    connection.ending.noteFin();
    closer_.end(connection);
  }
  if (verdict.closeSent && !connection.ending.noteSent()) {
    closer_.beginClosing(connection, connection.endpoint()->closeTimeout);
  }
  if (verdict.failure != nullptr) return closer_.refuseInput(connection, *verdict.failure);
  if (verdict.closeReceived) closer_.peerClosed(connection, verdict.closeCode, verdict.closeReason);
}

// Back into the poll set, and first of all what was missed.
void LeaseReturns::resumePolling(Connection& connection) {
  const bool missed = connection.polling.unpark();
  if (missed) note(connection, Flight::rejoined);
  const int error = polls_.watchOn(connection, missed);
  if (error != 0) return closer_.lost(connection, polls_.poller().syscall(), error);
  if (!connection.reads()) return;
  if (missed) {
    reader_.readable(connection);
  } else if (connection.ssl() != nullptr || connection.suspended()) {
    pending_.add(connection);  // OpenSSL may hold bytes, or the end
  }
}

void LeaseReturns::expireLeases() {
  Timers::Entry entry;
  while (requests_.popExpiry(turn_.now, entry)) {
    Connection* connection = table_.find(entry.id);
    if (connection != nullptr && connection->established()) expire(*connection);
  }
}

void LeaseReturns::expire(Connection& connection) {
  ConnectionGuard guard(connection);
  LeaseCell& cell = *connection.cell();
  cell.clock = 0;
  const size_t before = cell.sharedLeases.size();
  std::erase_if(cell.sharedLeases, [&](const SharedLease& one) {
    if (one.expiresAt == 0 || one.expiresAt > turn_.now) return false;
    note(connection, Flight::leaseExpired, static_cast<uint32_t>(one.token), 0,
         static_cast<uint8_t>(one.side));
    sinks_.of(one.side).leaseExpired(connection, static_cast<double>(one.token));
    return true;
  });
  if (cell.sharedLeases.size() != before) {
    if (cell.lent) restoreFlags(cell.fd);
    queue_.markDirty(connection);
  }
  if (cell.ownership == Ownership::holder && cell.expiresAt != 0 && cell.expiresAt <= turn_.now) {
    const auto token = static_cast<double>(cell.token);
    cell.note(Flight::leaseExpired, cell.token, 1, static_cast<uint8_t>(cell.side));
    cell.needsService = true;  // the connection comes back through leaseNews(), whatever was done
    // Nobody can take a descriptor or a pointer out of the holder's hands.
    if (cell.holding && cell.holding->exposed())
      cell.holding->taint("it expired with fd or ssl out");
    cell.giveBack(-1);
    sinks_.of(cell.side).leaseExpired(connection, token);
    leaseNews(connection.id);
  } else if (cell.ownership == Ownership::draining && cell.nextEnd() != 0 &&
             cell.nextEnd() <= turn_.now) {
    // The holder's thread is stuck, and its operations with it.
    cell.hold().taint("operations of a ring outlived it");
    cell.settle();
    leaseNews(connection.id);
  }
  if (const uint64_t next = cell.nextEnd(); cell.scheduleExpiry(next)) {
    requests_.hastenExpiry(next, connection.id);
  }
}

void LeaseReturns::leaseClock(const LeaseClock& clock) {
  const Connection* connection = table_.find(clock.id);
  if (connection != nullptr && connection->established()) {
    requests_.hastenExpiry(clock.expiresAt, clock.id);
  }
}

}  // namespace lwspool

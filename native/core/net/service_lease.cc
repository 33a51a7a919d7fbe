// Leases as the worker sees them: requests that had to wait, connections that come back, time that
// runs out. What needs no worker is in native/core/lease/.
#include <sys/socket.h>

#include <string>
#include <utility>

#include "../bio/chain.h"
#include "../cell/lent_socket.h"
#include "../flight/tls_watch.h"
#include "connection_guard.h"
#include "flight_note.h"
#include "service.h"

namespace lwspool {

// The connection stands: it can be leased once the lock, which is held, is given up.
void Service::makeLeasable(Connection& connection) {
  LeaseCell& cell = *connection.cell;
  cell.revoke();
  cell.generation = connection.id.generation;
  cell.ownership = Ownership::worker;
  cell.needsService = false;
  cell.writeComplete = true;
  cell.closing = false;
  cell.fd = connection.fd;
  cell.poll = poller_->sharedSet();
  cell.ssl = connection.ssl;
  cell.decoder = connection.decoder ? &*connection.decoder : nullptr;
  cell.duplicates.begin(connection.id.generation);
  cell.lent = cell.lingers = false;
  cell.clock = 0;
}

// A poll event of a connection that is leased: it leaves the poll set until it comes back, as the
// event would be reported again and again. The lock is held.
void Service::park(Connection& connection) {
  if (std::exchange(connection.parked, true)) return;
  note(connection, Flight::parked);
  poller_->remove(connection.fd, connection.id);
}

// --- requests ------------------------------------------------------------------------------------

void Service::requestLease(Connection& connection, LeaseRequest request) {
  if (!connection.established()) {
    const bool over = connection.phase == Phase::dying;
    return refuse(connection, request, over ? Refusal::closed : Refusal::notEstablished);
  }
  {
    ConnectionGuard guard(connection);
    connection.cell->requests++;
    note(connection, Flight::leaseRequested, request.request, request.exclusive,
         static_cast<uint8_t>(request.side));
    if (!connection.leaseRequests)
      connection.leaseRequests = std::make_unique<std::deque<LeaseRequest>>();
    connection.leaseRequests->push_back(request);
  }
  // What was sent before the request leaves before the lease begins. Both at once, and not when the
  // turn has come to this connection: whoever waits need not wait for all the others.
  flush(connection);
  if (channel_.events.publish()) channel_.wakeMain();
}

void Service::cancelRequest(Connection& connection, uint32_t request, Source side) {
  if (!connection.leaseRequests) return;
  ConnectionGuard guard(connection);
  auto& requests = *connection.leaseRequests;
  for (auto it = requests.begin(); it != requests.end(); ++it) {
    if (it->request != request || it->side != side) continue;
    requests.erase(it);
    note(connection, Flight::leaseGivenUp, request, 0, static_cast<uint8_t>(side));
    connection.cell->requests--;
    if (requests.empty()) connection.leaseRequests.reset();
    // Another may be the first now, or output was held back for this one.
    return markDirty(connection);
  }
}

void Service::refuse(Connection& connection, const LeaseRequest& request, Refusal why) {
  note(connection, Flight::leaseRefused, request.request, request.exclusive,
       static_cast<uint8_t>(request.side));
  sinkOf(request.side).leased(connection, request.request, static_cast<double>(why));
}

// First come, first served: grants what can be granted, and stops at what cannot.
void Service::grantRequests(Connection& connection) {
  if (!connection.leaseRequests) return;
  ConnectionGuard guard(connection);
  LeaseCell& cell = *connection.cell;
  while (connection.leaseRequests && cell.ownership == Ownership::worker) {
    LeaseRequest& request = connection.leaseRequests->front();
    uint64_t token = 0;
    if (!cell.closing) {
      if (request.exclusive && !standsFor(connection, request)) return;
      const uint64_t end = request.maxHold == 0 ? 0 : monotonicNow() + request.maxHold;
      token = cell.grant({request.exclusive, request.frame, end, request.side});
      // What lies behind the barrier is written once it comes back.
      if (request.exclusive) cell.needsService = !connection.out.empty();
      if (cell.scheduleExpiry(end)) leaseTimers_.hasten(end, connection.id);
    }
    cell.requests--;
    if (token == 0) {
      refuse(connection, request, Refusal::closed);
      markDirty(connection);  // the close frame may lie behind a barrier
    } else {
      sinkOf(request.side).leased(connection, request.request, static_cast<double>(token));
    }
    connection.leaseRequests->pop_front();
    if (connection.leaseRequests->empty()) connection.leaseRequests.reset();
  }
}

// Whether the streams stand where an exclusive lease may begin. The first time that nothing but
// output is in the way, a barrier is set behind what is queued: beyond it nothing is written before
// the lease, so that the request is reached however much is sent.
bool Service::standsFor(Connection& connection, LeaseRequest& request) {
  if (!connection.cell->sharedLeases.empty()) return false;
  const bool midFrame = request.frame && connection.decoder && !connection.decoder->betweenFrames();
  if (midFrame && !connection.wantsInput()) {
    // Nobody reads on to the frame's end: output is not held back for that.
    request.barred = false;
    return false;
  }
  if (!std::exchange(request.barred, true)) request.barrier = connection.queuedBytes;
  return connection.flushedBytes >= request.barrier && !midFrame &&
         bio::keptBy(connection.ssl) == 0;
}

// How much of the output may be written before the next request is to be granted.
size_t Service::writable(const Connection& connection) const {
  const size_t size = connection.out.size();
  if (!connection.leaseRequests || !connection.leaseRequests->front().barred) return size;
  const uint64_t left = connection.leaseRequests->front().barrier - connection.flushedBytes;
  return left < size ? static_cast<size_t>(left) : size;
}

// How much may be read at once: no further than to where a request could be granted.
size_t Service::readableAtOnce(const Connection& connection) const {
  if (!connection.leaseRequests || !connection.leaseRequests->front().frame ||
      !connection.decoder) {
    return buffer_.size();
  }
  const uint64_t wanted = connection.decoder->wanted();
  return wanted < buffer_.size() ? static_cast<size_t>(wanted) : buffer_.size();
}

// --- coming back ---------------------------------------------------------------------------------

void Service::leaseNews(ConnectionId id) {
  Connection* found = find(id);
  if (found == nullptr || !found->established()) return;
  Connection& connection = *found;
  ConnectionGuard guard(connection);
  LeaseCell& cell = *connection.cell;
  if (cell.ownership == Ownership::detached) return forget(connection);
  if (cell.ownership == Ownership::returned) {
    cell.ownership = Ownership::worker;
    cell.needsService = false;
    applyVerdict(connection, std::exchange(cell.verdict, {}));
    if (connection.established()) resumePolling(connection);
  }
  markDirty(connection);
}

// A lease whose holder could not give it back, since we were using the connection.
void Service::leaseReturn(const LeaseReturn& late) {
  Connection* connection = find(late.id);
  if (connection == nullptr || !connection->established()) return;
  ConnectionGuard guard(*connection);
  LeaseCell& cell = *connection->cell;
  const uint64_t now = monotonicNow();
  const uint32_t generation = late.id.generation;
  const bool exclusive = cell.holds(generation, late.token, now);
  if (!exclusive && !cell.holdsShared(generation, late.token, now)) return;
  if (exclusive && !late.intact) cell.hold().taint("its descriptor was closed");
  if (cell.end(late.token, -1)) leaseNews(late.id);
}

// Does what the holder's doings ask for.
void Service::applyVerdict(Connection& connection, const Verdict& verdict) {
  if (verdict.error != 0 && !verdict.closeReceived) {
    return lost(connection, verdict.syscall, verdict.error);
  }
  if (verdict.taint != nullptr) {
    CloseInfo& info = connection.closing();
    if (!info.error) {
      info.code = 1006;
      info.error.code = "ERR_LEASE_TAINTED";
      info.error.fields.set("reason", verdict.taint);
      noteError(connection, 0, 0, connection.fd);
    }
    return finish(connection);
  }
  if (verdict.finSent || verdict.closeSent) {
    // Nothing may follow; what was sent during the lease is too late.
    connection.out.clear();
    connection.queuedBytes = connection.flushedBytes;
  }
  if (verdict.finSent) {
    connection.finSent = true;
    end(connection);
  }
  if (verdict.closeSent && !std::exchange(connection.closeSent, true)) {
    beginClosing(connection, connection.endpoint->closeTimeout);
  }
  if (verdict.failure != nullptr) return refuseInput(connection, *verdict.failure);
  if (verdict.closeReceived) peerClosed(connection, verdict.closeCode, verdict.closeReason);
}

// Back into the poll set, and first of all what was missed.
void Service::resumePolling(Connection& connection) {
  const bool missed = std::exchange(connection.parked, false);
  if (missed) note(connection, Flight::rejoined);
  const int error = watchOn(connection, missed);
  if (error != 0) return lost(connection, "epoll_ctl", error);
  if (!connection.reads()) return;
  if (missed) {
    readable(connection);
  } else if (connection.ssl != nullptr) {
    readLater(connection);  // OpenSSL may hold bytes, or the end
  }
}

// A detached connection: its socket is somebody else's, and a dummy lies under its number.
void Service::forget(Connection& connection) {
  connection.enter(Phase::dying);
  arm(connection, 0);
  leaseTimers_.remove(connection.id);
  // Whoever took it could not take it out of every kind of poll set.
  if (!std::exchange(connection.parked, true) && poller_->sharedSet() < 0) {
    poller_->remove(connection.fd, connection.id);
  }
  CloseInfo& info = connection.closing();
  info = {};
  info.reason = "detached";
  finished_.push_back(&connection);
}

// --- the end -------------------------------------------------------------------------------------

// Takes the right back for good, from whoever has it. The lock is held: what a holder is at has
// ended.
void Service::revoke(Connection& connection) {
  connection.cell->revoke();
  connection.cell->decoder = nullptr;
  connection.leaseRequests.reset();
  leaseTimers_.remove(connection.id);
}

// A holder's duplicate, or that of a process which was given one, would keep the connection open
// when our descriptor is closed, and its peer in the dark. And nothing of what libwebsockets does
// to close it may wait. The lock is held.
void Service::endDuplicates(Connection& connection) {
  const LeaseCell& cell = *connection.cell;
  if (cell.lent) restoreFlags(connection.fd);
  const bool resets = (cell.lent || cell.lingers) && stopLingering(connection.fd);
  if (cell.duplicates.count() > 0 || (cell.lent && !resets)) shutdown(connection.fd, SHUT_RDWR);
}

void Service::revokeAll() {
  for (Connection& connection : connections_) {
    // What is recorded stays in its cell: the worker may have crashed, and the main thread asks.
    const bool recorded = std::exchange(connection.flight, nullptr) != nullptr;
    if (!connection.established()) continue;
    ConnectionGuard guard(connection);
    if (connection.cell->ownership == Ownership::detached) {
      connection.enter(Phase::dying);  // whoever took it waits for destroyed()
      continue;
    }
    revoke(connection);
    if (recorded && connection.ssl != nullptr) unwatchTls(connection.ssl);
    endDuplicates(connection);
  }
  poller_->clear();
}

void Service::expireLeases() {
  Timers::Entry entry;
  while (leaseTimers_.pop(now_, entry)) {
    Connection* connection = find(entry.id);
    if (connection != nullptr && connection->established()) expire(*connection);
  }
}

void Service::expire(Connection& connection) {
  ConnectionGuard guard(connection);
  LeaseCell& cell = *connection.cell;
  cell.clock = 0;
  const size_t before = cell.sharedLeases.size();
  std::erase_if(cell.sharedLeases, [&](const SharedLease& one) {
    if (one.expiresAt == 0 || one.expiresAt > now_) return false;
    note(connection, Flight::leaseExpired, static_cast<uint32_t>(one.token), 0,
         static_cast<uint8_t>(one.side));
    sinkOf(one.side).leaseExpired(connection, static_cast<double>(one.token));
    return true;
  });
  if (cell.sharedLeases.size() != before) {
    if (cell.lent) restoreFlags(cell.fd);
    markDirty(connection);
  }
  if (cell.ownership == Ownership::holder && cell.expiresAt != 0 && cell.expiresAt <= now_) {
    const auto token = static_cast<double>(cell.token);
    cell.note(Flight::leaseExpired, cell.token, 1, static_cast<uint8_t>(cell.side));
    cell.needsService = true;  // the connection comes back through leaseNews(), whatever was done
    // Nobody can take a descriptor or a pointer out of the holder's hands.
    if (cell.holding && cell.holding->exposed())
      cell.holding->taint("it expired with fd or ssl out");
    cell.giveBack(-1);
    sinkOf(cell.side).leaseExpired(connection, token);
    leaseNews(connection.id);
  } else if (cell.ownership == Ownership::draining && cell.nextEnd() != 0 &&
             cell.nextEnd() <= now_) {
    // The holder's thread is stuck, and its operations with it.
    cell.hold().taint("operations of a ring outlived it");
    cell.settle();
    leaseNews(connection.id);
  }
  if (const uint64_t next = cell.nextEnd(); cell.scheduleExpiry(next)) {
    leaseTimers_.hasten(next, connection.id);
  }
}

}  // namespace lwspool

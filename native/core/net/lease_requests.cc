#include "lease_requests.h"

#include <utility>

#include "../bio/chain.h"
#include "connection_guard.h"
#include "flight_note.h"

namespace lwspool {

void LeaseRequests::makeLeasable(Connection& connection) {
  LeaseCell& cell = *connection.cell();
  cell.revoke();
  cell.generation = connection.id.generation;
  cell.ownership = Ownership::worker;
  cell.needsService = false;
  cell.writeComplete = true;
  cell.sentVoid = false;
  cell.closing = false;
  cell.fd = connection.fd();
  cell.poll = polls_.poller().sharedSet();
  cell.ssl = connection.ssl();
  cell.decoder = connection.decoder ? &*connection.decoder : nullptr;
  cell.duplicates.begin(connection.id.generation);
  cell.lent = cell.lingers = false;
  cell.clock = 0;
}

void LeaseRequests::revoke(Connection& connection) {
  connection.cell()->revoke();
  connection.cell()->decoder = nullptr;
  connection.leases.clear();
  timers_.remove(connection.id);
}

bool LeaseRequests::add(Connection& connection, const LeaseRequest& request) {
  if (!connection.established()) {
    const bool over = connection.phase() == Phase::dying;
    refuse(connection, request, over ? Refusal::closed : Refusal::notEstablished);
    return false;
  }
  ConnectionGuard guard(connection);
  connection.cell()->requests++;
  note(connection, Flight::leaseRequested, request.request, request.exclusive,
       static_cast<uint8_t>(request.side));
  connection.leases.add(request);
  return true;
}

void LeaseRequests::cancel(Connection& connection, uint32_t request, Source side) {
  if (!connection.leases.waiting()) return;
  ConnectionGuard guard(connection);
  if (!connection.leases.drop(request, side)) return;
  note(connection, Flight::leaseGivenUp, request, 0, static_cast<uint8_t>(side));
  connection.cell()->requests--;
  // Another may be the first now, or output was held back for this one.
  queue_.markDirty(connection);
}

void LeaseRequests::refuse(Connection& connection, const LeaseRequest& request, Refusal why) {
  note(connection, Flight::leaseRefused, request.request, request.exclusive,
       static_cast<uint8_t>(request.side));
  sinks_.of(request.side).leased(connection, request.request, static_cast<double>(why));
}

void LeaseRequests::grant(Connection& connection) {
  if (!connection.leases.waiting()) return;
  ConnectionGuard guard(connection);
  LeaseCell& cell = *connection.cell();
  while (connection.leases.waiting() && cell.ownership == Ownership::worker) {
    LeaseRequest& request = connection.leases.first();
    uint64_t token = 0;
    if (!cell.closing) {
      if (request.exclusive && !standsFor(connection, request)) return;
      const uint64_t end = request.maxHold == 0 ? 0 : monotonicNow() + request.maxHold;
      token = cell.grant({request.exclusive, request.frame, end, request.side});
      // What lies behind the barrier is written once it comes back.
      if (request.exclusive) cell.needsService = !connection.output.queue.empty();
      if (cell.scheduleExpiry(end)) timers_.hasten(end, connection.id);
    }
    cell.requests--;
    if (token == 0) {
      refuse(connection, request, Refusal::closed);
      queue_.markDirty(connection);  // the close frame may lie behind a barrier
    } else {
      sinks_.of(request.side).leased(connection, request.request, static_cast<double>(token));
    }
    connection.leases.dropFirst();
  }
}

// Whether the streams stand where an exclusive lease may begin. The first time that nothing but
// output is in the way, a barrier is set behind what is queued: beyond it nothing is written before
// the lease, so that the request is reached however much is sent.
bool LeaseRequests::standsFor(Connection& connection, LeaseRequest& request) {
  if (!connection.cell()->sharedLeases.empty()) return false;
  const bool midFrame = request.frame && connection.decoder && !connection.decoder->betweenFrames();
  if (midFrame && !connection.wantsInput()) {
    // Nobody reads on to the frame's end: output is not held back for that.
    request.barred = false;
    return false;
  }
  // A message is sent whole. What began behind the barrier waits there.
  if (connection.unfinished && !request.barred) return false;
  if (!std::exchange(request.barred, true)) request.barrier = connection.output.queuedBytes();
  return connection.output.flushedBytes() >= request.barrier && !midFrame &&
         bio::keptBy(connection.ssl()) == 0;
}

size_t LeaseRequests::writable(const Connection& connection) {
  const size_t size = connection.output.queue.size();
  if (!connection.leases.waiting() || !connection.leases.first().barred) return size;
  const uint64_t left = connection.leases.first().barrier - connection.output.flushedBytes();
  return left < size ? static_cast<size_t>(left) : size;
}

size_t LeaseRequests::readableAtOnce(const Connection& connection) const {
  if (!connection.leases.waiting() || !connection.leases.first().frame || !connection.decoder) {
    return turn_.buffer.size();
  }
  const uint64_t wanted = connection.decoder->wanted();
  return wanted < turn_.buffer.size() ? static_cast<size_t>(wanted) : turn_.buffer.size();
}

void LeaseRequests::inputStopped(Connection& connection) {
  if (!connection.leases.waiting()) return;
  grant(connection);
  queue_.markDirty(connection);
}

}  // namespace lwspool

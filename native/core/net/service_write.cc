// Bytes that go out on established connections.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../bio/chain.h"
#include "../ws/frame_encoder.h"
#include "connection_guard.h"
#include "flight_note.h"
#include "service.h"

namespace lwspool {

namespace {

// From so much on a message is better written than gathered with others.
constexpr size_t kLargeMessage = 16 * 1024;

}  // namespace

void Service::ping(Connection& connection, const uint8_t* data, size_t size) {
  note(connection, Flight::pingReceived, static_cast<uint32_t>(size));
  if (connection.figures != nullptr) add(connection.figures->pingsReceived, 1);
  connection.sink->ping(connection, data, size);
  if (!connection.sends()) return;
  // One answer at a time: a peer that asks without reading must not make the queue grow. RFC 6455,
  // 5.5.3 lets the answer to the last ping stand for those before it.
  if (connection.pongPosition > connection.flushedBytes) {
    std::string payload(reinterpret_cast<const char*>(data), size);
    connection.unanswered = std::make_unique<std::string>(std::move(payload));
    return;
  }
  pong(connection, data, size);
}

void Service::pong(Connection& connection, const uint8_t* data, size_t size) {
  sendFrame(connection, ws::Opcode::pong, data, size);
  note(connection, Flight::pongSent, static_cast<uint32_t>(size));
  connection.pongPosition = connection.queuedBytes;
}

void Service::send(Connection& connection, ws::Opcode opcode, const uint8_t* data, size_t size) {
  if (!connection.sends()) return countUnsent(connection);
  if (connection.kind() == Kind::raw) {
    connection.out.append(data, size);
    connection.queuedBytes += size;
    markDirty(connection);
  } else if (size >= kLargeMessage) {
    sendLarge(connection, opcode, data, size);
  } else {
    sendFrame(connection, opcode, data, size);
  }
  countSent(connection);
}

void Service::sendFrame(Connection& connection, ws::Opcode opcode, const uint8_t* data,
                        size_t size) {
  const ws::Role role = connection.endpoint->role;
  const size_t room = ws::frameSize(role, size);
  connection.out.commit(
      ws::writeFrame(connection.out.reserve(room), role, opcode, data, size, &masks_));
  connection.queuedBytes += room;
  markDirty(connection);
}

// Whether the kernel has all that was ever sent.
bool Service::isOut(Connection& connection) {
  if (connection.flushedBytes != connection.queuedBytes) return false;
  if (connection.ssl == nullptr) return true;
  // Under a lease BIOs keep nothing, and its holder may be about to push one.
  ConnectionGuard guard(connection);
  return !guard || bio::keptBy(connection.ssl) == 0;
}

void Service::mark(Connection& connection, uint32_t number, EventSink& asker) {
  if (!connection.established() || isOut(connection)) return asker.flushed(connection, number);
  if (!connection.marks) connection.marks = std::make_unique<std::deque<Mark>>();
  connection.marks->push_back({connection.queuedBytes, number, &asker});
}

void Service::flush(Connection& connection) {
  ConnectionGuard guard(connection);
  if (!guard) return;
  OutBuffer& out = connection.out;
  bio::Chain* const chain = bio::Chain::of(connection.ssl);
  // The clock decides when what waits is tried again.
  if (connection.backedOff && (!out.empty() || chain->kept() > 0)) return;
  bool blocked = std::exchange(connection.full, false);
  if (connection.failedWrite) return writeFailed(connection, *connection.failedWrite);
  if (chain != nullptr) chain->gather(true);
  while (guard && !blocked && writable(connection) > 0) {
    const size_t size = writable(connection);
    const IoResult result = transmit(connection.fd, connection.ssl, out.front(), size);
    if (result.status == IoResult::Status::done) {
      noteTraffic(connection, clock_, Flight::written, result.bytes, size);
      connection.flushedBytes += result.bytes;
      out.consume(result.bytes);
      countWritten(connection, result.bytes);
    } else if (result.status == IoResult::Status::again) {
      noteTraffic(connection, clock_, Flight::writeBlocked, size);
      blocked = true;
    } else {
      if (chain != nullptr) chain->gather(false);
      return writeFailed(connection, result.error);
    }
  }
  size_t kept = 0;
  if (chain != nullptr) {
    chain->gather(false);
    kept = chain->kept();
    if (!blocked && kept > 0) {
      const IoResult result = chain->flush(connection.ssl);
      if (result.status == IoResult::Status::broken) return writeFailed(connection, result.error);
      blocked = result.status == IoResult::Status::again;
      kept = chain->kept();
    }
    if (blocked) backOff(connection, *chain);
    if (chain->hasNotices()) warn(connection);
  }
  connection.ledger->pending.store(static_cast<double>(out.size() + kept),
                                   std::memory_order_release);
  if (connection.figures != nullptr) {
    set(connection.figures->queuedBytes, static_cast<double>(out.size() + kept));
  }
  connection.cell->writeComplete = out.empty() && kept == 0;
  if (!guard) return;
  if (connection.backedOff) blocked = false;
  if (blocked != connection.wantWrite) {
    connection.wantWrite = blocked;
    if (connection.parked || !connection.tellsOfRoom()) updateInterest(connection);
  }
  if (kept > 0) return;
  flushed(connection);
  noteWritten(connection);
  grantRequests(connection);
}

// A command of that side was carried out; flush() says when all it asked for is written, also where
// that is nothing.
void Service::noteOutput(Connection& connection, Source side) {
  Output& output = connection.outputs[static_cast<size_t>(side)];
  output.commands++;
  output.position = connection.queuedBytes;
  markDirty(connection);
}

// Behind flushed(), by which a FIN has left as well.
void Service::noteWritten(Connection& connection) {
  for (const Source side : {Source::main, Source::handler}) {
    const Output& output = connection.outputs[static_cast<size_t>(side)];
    if (output.position > connection.flushedBytes && !connection.out.empty()) continue;
    connection.ledger->written[static_cast<size_t>(side)].store(output.commands,
                                                                std::memory_order_release);
  }
}

void Service::flushNow(ConnectionId id) {
  Connection* connection = find(id);
  if (connection != nullptr && connection->established()) flush(*connection);
}

void Service::flushed(Connection& connection) {
  if (connection.marks) {
    // Taken out first: whoever is told may set another.
    std::vector<Mark> reached;
    auto& marks = *connection.marks;
    while (!marks.empty() && marks.front().position <= connection.flushedBytes) {
      reached.push_back(marks.front());
      marks.pop_front();
    }
    if (marks.empty()) connection.marks.reset();
    for (const Mark& mark : reached) mark.asker->flushed(connection, mark.number);
  }
  if (connection.unanswered && connection.pongPosition <= connection.flushedBytes) {
    const auto payload = std::move(connection.unanswered);
    if (connection.sends()) {
      pong(connection, reinterpret_cast<const uint8_t*>(payload->data()), payload->size());
    }
  }
  if (!connection.out.empty()) return;
  if (connection.endAfterFlush && !connection.finSent) {
    connection.finSent = true;
    note(connection, Flight::ended);
    shutdownWrite(connection.fd, connection.ssl);
  }
  if (connection.phase != Phase::closing) return;
  lastLeft(connection);
  const bool bothEnded = connection.kind() == Kind::raw
                             ? connection.finSent && connection.inputEnded
                             // RFC 6455, 7.1.1: the server closes first.
                             : connection.closeSent && connection.closeReceived &&
                                   connection.endpoint->role == ws::Role::server;
  if (bothEnded) finish(connection);
}

}  // namespace lwspool

#include "writer.h"

#include <memory>
#include <utility>
#include <vector>

#include "../bio/chain.h"
#include "../io/transport.h"
#include "connection_guard.h"
#include "flight_note.h"

namespace lwspool {

namespace {

// From so much on a message is better written than gathered with others.
constexpr size_t kLargeMessage = 16 * 1024;

}  // namespace

Writer::Writer(const Turn& turn, ServiceFigures& figures, PollSet& polls, SendQueue& queue,
               BioDelays& delays, LeaseRequests& requests, Closer& closer, Reader& reader)
    : turn_(turn),
      figures_(figures),
      polls_(polls),
      queue_(queue),
      delays_(delays),
      requests_(requests),
      closer_(closer),
      reader_(reader),
      large_(queue, figures) {}

void Writer::send(Connection& connection, ws::Opcode opcode, const uint8_t* data, size_t size) {
  if (!connection.sends()) return figures_.countUnsent(connection);
  if (connection.kind() == Kind::raw) {
    connection.output.queue.append(data, size);
    connection.output.addQueued(size);
    queue_.markDirty(connection);
  } else if (size >= kLargeMessage) {
    large_.send(connection, opcode, data, size);
  } else {
    queue_.sendFrame(connection, opcode, data, size);
  }
  figures_.countSent(connection);
}

void Writer::mark(Connection& connection, uint32_t number, EventSink& asker) {
  if (!connection.established() || isOut(connection)) return asker.flushed(connection, number);
  connection.output.mark(number, asker);
}

// Whether the kernel has all that was ever sent.
bool Writer::isOut(Connection& connection) {
  if (!connection.output.allFlushed()) return false;
  if (connection.ssl() == nullptr) return true;
  // Under a lease BIOs keep nothing, and its holder may be about to push one.
  ConnectionGuard guard(connection);
  return !guard || bio::keptBy(connection.ssl()) == 0;
}

void Writer::noteOutput(Connection& connection, Source side) {
  connection.output.noteCommand(side);
  queue_.markDirty(connection);
}

void Writer::flush(Connection& connection) {
  ConnectionGuard guard(connection);
  if (!guard) return;
  OutBuffer& out = connection.output.queue;
  bio::Chain* const chain = bio::Chain::of(connection.ssl());
  // The clock decides when what waits is tried again.
  if (connection.polling.backedOff() && (!out.empty() || chain->kept() > 0)) return;
  bool blocked = connection.output.takeFull();
  if (connection.output.failure()) {
    return writeFailed(connection, *connection.output.failure(), connection.output.failureReason());
  }
  if (chain != nullptr) chain->gather(true);
  while (guard && !blocked && LeaseRequests::writable(connection) > 0) {
    const size_t size = LeaseRequests::writable(connection);
    const IoResult result = transmit(connection.fd(), connection.ssl(), out.front(), size);
    if (result.status == IoResult::Status::done) {
      noteTraffic(connection, turn_.clock, Flight::written, result.bytes, size);
      connection.output.consume(result.bytes);
      figures_.countWritten(connection, result.bytes);
    } else if (result.status == IoResult::Status::again) {
      noteTraffic(connection, turn_.clock, Flight::writeBlocked, size);
      blocked = true;
    } else {
      if (chain != nullptr) chain->gather(false);
      return writeFailed(connection, result.error, result.reason);
    }
  }
  size_t kept = 0;
  if (chain != nullptr) {
    chain->gather(false);
    kept = chain->kept();
    if (!blocked && kept > 0) {
      const IoResult result = chain->flush(connection.ssl());
      if (result.status == IoResult::Status::broken) {
        return writeFailed(connection, result.error, result.reason);
      }
      blocked = result.status == IoResult::Status::again;
      kept = chain->kept();
    }
    if (blocked) delays_.backOff(connection, *chain);
    if (chain->hasNotices()) BioDelays::warn(connection);
  }
  connection.ledger()->pending.store(static_cast<double>(out.size() + kept),
                                     std::memory_order_release);
  if (connection.figures() != nullptr) {
    set(connection.figures()->queuedBytes, static_cast<double>(out.size() + kept));
  }
  connection.cell()->writeComplete = out.empty() && kept == 0;
  if (!guard) return;
  if (connection.polling.backedOff()) blocked = false;
  if (blocked != connection.polling.wantsRoom()) {
    connection.polling.wantRoom(blocked);
    if (connection.polling.parked() || !connection.tellsOfRoom()) polls_.update(connection);
  }
  if (kept > 0) return;
  flushed(connection);
  noteWritten(connection);
  requests_.grant(connection);
}

// Behind flushed(), by which a FIN has left as well.
void Writer::noteWritten(Connection& connection) {
  for (const Source side : {Source::main, Source::handler}) {
    if (const auto done = connection.output.commandsDone(side)) {
      auto& written = connection.ledger()->written[static_cast<size_t>(side)];
      written.store(*done, std::memory_order_release);
    }
  }
}

void Writer::flushed(Connection& connection) {
  if (connection.output.hasMarks()) {
    for (const OutputState::Mark& mark : connection.output.takeReached()) {
      mark.asker->flushed(connection, mark.number);
    }
  }
  if (const auto payload = connection.output.takeDeferredPong()) {
    if (connection.sends()) {
      queue_.sendPong(connection, reinterpret_cast<const uint8_t*>(payload->data()),
                      payload->size());
    }
  }
  if (!connection.output.queue.empty()) return;
  if (connection.ending.endsAfterFlush() && !connection.ending.finSent()) {
    connection.ending.noteFin();
    note(connection, Flight::ended);
    shutdownWrite(connection.fd(), connection.ssl());
  }
  if (connection.phase() != Phase::closing) return;
  closer_.lastLeft(connection);
  const bool bothEnded =
      connection.kind() == Kind::raw
          ? connection.ending.finSent() && connection.input.ended()
          // RFC 6455, 7.1.1: the server closes first.
          : connection.ending.both() && connection.endpoint()->role == ws::Role::server;
  if (bothEnded) closer_.finish(connection);
}

void Writer::writeFailed(Connection& connection, int error, const char* reason) {
  reader_.readLast(connection);
  closer_.lost(connection, "write", error, reason);
}

}  // namespace lwspool

#include "writer.h"

#include <memory>
#include <utility>
#include <vector>

#include "../bio/chain.h"
#include "../io/transport.h"
#include "../ws/extension.h"
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

void Writer::send(Connection& connection, ws::Opcode opcode, const uint8_t* data, size_t size,
                  bool compress) {
  if (!connection.sends()) return figures_.countUnsent(connection);
  if (connection.kind() == Kind::raw) {
    connection.output.queue.append(data, size);
    connection.output.addQueued(size);
    queue_.markDirty(connection);
  } else if (connection.unfinished) [[unlikely]] {
    const Fragment whole{opcode, true, true, compress, Source::main};
    return connection.unfinished->wait(UnfinishedMessage::Kind::message, whole, data, size);
  } else if (connection.extension != nullptr && compress) {
    prepareEncoding(connection);
    const ws::Extension::Counts before = connection.extension->sent;
    if (const auto encoded = connection.extension->encode({data, size})) {
      write(connection, opcode, encoded->data(), encoded->size(), ws::kFin | ws::kRsv1);
      figures_.countEncoded(connection, before);
    } else {
      write(connection, opcode, data, size, ws::kFin);
    }
  } else {
    write(connection, opcode, data, size, ws::kFin);
  }
  figures_.countSent(connection);
}

void Writer::write(Connection& connection, ws::Opcode opcode, const uint8_t* data, size_t size,
                   uint8_t first) {
  if (size >= kLargeMessage) {
    large_.send(connection, opcode, data, size, first);
  } else {
    queue_.sendFrame(connection, opcode, data, size, first);
  }
}

// A message that refers to those before it has to follow them: no lease begins at once before it is
// written. Where somebody has one already, he may send such messages himself, so that this one
// refers to nothing.
void Writer::prepareEncoding(Connection& connection) {
  if (!connection.extension->linksSent()) return;
  ConnectionGuard guard(connection);
  if (!guard || std::exchange(connection.cell()->sentVoid, false)) {
    connection.extension->voidSent();
  }
  if (guard) connection.cell()->writeComplete = false;
}

void Writer::keepLeasesAway(Connection& connection) {
  if (ConnectionGuard guard(connection); guard) connection.cell()->writeComplete = false;
}

// --- fragments -----------------------------------------------------------------------------------

void Writer::sendFragment(Connection& connection, const Fragment& fragment, const uint8_t* data,
                          size_t size) {
  if (!connection.sends()) {
    if (fragment.last) figures_.countUnsent(connection);
    return;
  }
  if (connection.kind() == Kind::raw) {
    if (size > 0) send(connection, fragment.opcode, data, size);
    return;
  }
  auto& unfinished = connection.unfinished;
  if (unfinished && (fragment.first || unfinished->side != fragment.side)) {
    return unfinished->wait(UnfinishedMessage::Kind::fragment, fragment, data, size);
  }
  // The message was given up.
  if (!unfinished && !fragment.first) return;
  if (!unfinished) {
    unfinished = std::make_unique<UnfinishedMessage>();
    unfinished->side = fragment.side;
    if (connection.extension != nullptr && fragment.compress) {
      prepareEncoding(connection);
      unfinished->encoded = connection.extension->beginPieces();
    }
    keepLeasesAway(connection);
  }
  const ws::Opcode opcode = fragment.first ? fragment.opcode : ws::Opcode::continuation;
  const uint8_t fin = fragment.last ? ws::kFin : uint8_t{0};
  if (unfinished->encoded) {
    const ws::Extension::Counts before = connection.extension->sent;
    const auto encoded = connection.extension->encodePiece({data, size}, fragment.last);
    const uint8_t rsv = fragment.first ? ws::kRsv1 : uint8_t{0};
    write(connection, opcode, encoded.data(), encoded.size(), fin | rsv);
    figures_.countEncoded(connection, before);
  } else {
    write(connection, opcode, data, size, fin);
  }
  if (fragment.last) endFragments(connection);
}

// What has waited is sent, up to the next message in fragments.
void Writer::endFragments(Connection& connection) {
  figures_.countSent(connection);
  const auto ended = std::exchange(connection.unfinished, nullptr);
  queue_.markDirty(connection);
  for (const UnfinishedMessage::Waiting& one : ended->waiting) {
    const auto* data = reinterpret_cast<const uint8_t*>(one.payload.data());
    switch (one.kind) {
      case UnfinishedMessage::Kind::message:
        send(connection, one.fragment.opcode, data, one.payload.size(), one.fragment.compress);
        break;
      case UnfinishedMessage::Kind::fragment:
        sendFragment(connection, one.fragment, data, one.payload.size());
        break;
      case UnfinishedMessage::Kind::mark:
        mark(connection, one.mark, *one.asker);
        break;
    }
  }
}

void Writer::mark(Connection& connection, uint32_t number, EventSink& asker, bool within) {
  if (connection.established() && connection.unfinished && !within) {
    return connection.unfinished->wait(number, asker);
  }
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
  const auto pending = static_cast<double>(connection.waiting() + kept);
  connection.ledger()->pending.store(pending, std::memory_order_release);
  if (connection.figures() != nullptr) set(connection.figures()->queuedBytes, pending);
  connection.cell()->writeComplete = out.empty() && kept == 0 && !connection.unfinished;
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
  if (connection.unfinished) return;
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

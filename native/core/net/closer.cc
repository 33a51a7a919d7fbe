#include "closer.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "../base/errno_name.h"
#include "../bio/chain.h"
#include "../bio/socket.h"
#include "../cell/lent_socket.h"
#include "../flight/tls_watch.h"
#include "../io/transport.h"
#include "../ws/close_code.h"
#include "bio_delays.h"
#include "connection_guard.h"
#include "connector.h"
#include "flight_note.h"

namespace lwspool {

namespace {

// While more than this gets through to the peer, a connection that is closing is not cut. Bytes per
// second.
constexpr uint64_t kLowestRate = 1024;

bool isCompression(const ws::Failure& failure) {
  return &failure == &ws::failure::corruptData || &failure == &ws::failure::truncatedData;
}

}  // namespace

Closer::Closer(ConnectionTable& table, const Sinks& sinks, Handshakes& handshakes,
               Deadlines& deadlines, PollSet& polls, PendingReads& pending, SendQueue& queue,
               LeaseRequests& requests)
    : table_(table),
      sinks_(sinks),
      handshakes_(handshakes),
      deadlines_(deadlines),
      polls_(polls),
      pending_(pending),
      queue_(queue),
      requests_(requests) {
  polls.reportTo(*this);
}

void Closer::close(Connection& connection, uint16_t code, std::string_view reason) {
  switch (connection.phase()) {
    case Phase::queued:
    case Phase::opening:
      return terminate(connection);
    case Phase::open:
      if (connection.request) return terminate(connection);
      break;
    default:
      return;
  }
  if (connection.kind() == Kind::raw) {
    connection.ending.info().code = 1000;
    connection.ending.endAfterFlush();
    beginClosing(connection, connection.endpoint()->closeTimeout);
    return queue_.markDirty(connection);
  }
  queue_.sendClose(connection, code, reason);
  beginClosing(connection, connection.endpoint()->closeTimeout);
}

void Closer::terminate(Connection& connection) {
  switch (connection.phase()) {
    case Phase::queued:
    case Phase::opening:
      return handshakes_.cancel(connection, {"ERR_ABORTED", {}});
    case Phase::open:
    case Phase::closing:
      if (!connection.ending.received()) connection.ending.info().code = 1006;
      note(connection, Flight::abandoned);
      if (!connection.wasOpen()) connection.ending.info().error.code = "ERR_ABORTED";
      return finish(connection);
    default:
      return;
  }
}

void Closer::end(Connection& connection) {
  if (connection.phase() != Phase::open || connection.kind() != Kind::raw) return;
  connection.ending.endAfterFlush();
  if (connection.input.ended()) {
    connection.ending.info().code = 1000;
    beginClosing(connection, connection.endpoint()->closeTimeout);
  }
  queue_.markDirty(connection);
}

void Closer::abandon(uint32_t group) {
  table_.forEach([&](Connection& connection) {
    if (connection.group() != group || connection.owner() == &sinks_.main()) return;
    if (connection.phase() == Phase::queued || connection.phase() == Phase::opening) {
      terminate(connection);
    }
  });
}

void Closer::peerClosed(Connection& connection, uint16_t code, std::string_view reason) {
  connection.ending.noteReceived();
  note(connection, Flight::closeReceived, code);
  CloseInfo& info = connection.ending.info();
  if (!info.error) {
    info.code = code;
    info.reason = reason;
  }
  if (!connection.ending.sent()) {
    queue_.sendClose(connection, code, {});
    beginClosing(connection, connection.endpoint()->closeTimeout);
  }
  discardInput(connection);
  queue_.markDirty(connection);
}

void Closer::fail(Connection& connection, uint16_t code, ErrorInfo error) {
  if (!connection.established() || connection.ending.info().error) return;
  CloseInfo& info = connection.ending.info();
  info.code = code;
  info.error = std::move(error);
  noteError(connection, 0, code, connection.fd());
  connection.ending.endAfterFlush();
  if (connection.decoder) {
    // A holder's reads go through it; nothing more of ours does.
    if (ConnectionGuard guard(connection); guard) connection.decoder->stop();
    if (!connection.ending.sent()) queue_.sendClose(connection, code, {});
  }
  beginClosing(connection, std::min<uint64_t>(kLinger, connection.endpoint()->closeTimeout));
  discardInput(connection);
  queue_.markDirty(connection);
}

void Closer::refuseInput(Connection& connection, const ws::Failure& failure) {
  ErrorInfo error;
  switch (failure.code) {
    case ws::close_code::invalidPayload:
      error.code = isCompression(failure) ? "ERR_COMPRESSION" : "ERR_INVALID_UTF8";
      break;
    case ws::close_code::tooBig:
      error.code = "ERR_MESSAGE_TOO_BIG";
      break;
    default:
      error.code = "ERR_PROTOCOL";
      break;
  }
  if (&failure == &ws::failure::outOfMemory) error.code = "ERR_NO_MEMORY";
  if (&failure == &ws::failure::ratioExceeded) error.code = "ERR_COMPRESSION";
  error.fields.set("reason", failure.reason);
  error.fields.set("limit", std::to_string(connection.endpoint()->maxPayload));
  const uint64_t size =
      &failure == &ws::failure::messageTooBig ? connection.decoder->refusedSize() : 0;
  if (size > 0) error.fields.set("size", std::to_string(size));
  fail(connection, failure.code, std::move(error));
}

void Closer::lost(Connection& connection, const char* what, int error, const char* reason) {
  if (!connection.established()) return;
  CloseInfo& info = connection.ending.info();
  if (!info.error && !connection.ending.both()) {
    info.code = 1006;
    info.error.code = "ERR_CONNECTION_LOST";
    info.error.fields.set("syscall", what);
    noteError(connection, error, 0, connection.fd());
    // A BIO that failed by itself knows better.
    if (const ErrorInfo* fault = bio::faultOf(connection.ssl())) {
      info.error = *fault;
      return finish(connection);
    }
    if (error != 0) info.error.fields.set("errno", errnoName(error));
    if (reason != nullptr) info.error.fields.set("reason", reason);
    if (connection.decoder && connection.decoder->midMessage()) {
      info.error.fields.set("midMessage", "true");
    }
  }
  finish(connection);
}

// What it was about to do is not done: neither its queue nor its codec can go on.
void Closer::outOfMemory(Connection& connection) {
  if (!connection.established()) return;
  connection.output.drop();
  CloseInfo& info = connection.ending.info();
  if (!info.error) {
    info.code = 1006;
    info.error.code = "ERR_NO_MEMORY";
    noteError(connection, ENOMEM, 0, connection.fd());
  }
  finish(connection);
}

void Closer::beginClosing(Connection& connection, uint64_t timeout) {
  connection.enter(Phase::closing);
  // Nothing follows a close frame, which ends it as it is.
  connection.unfinished.reset();
  ConnectionGuard guard(connection);
  connection.cell()->closing = true;  // and whoever waits for a lease is told
  connection.ending.info().unsent = unsentOf(connection);
  deadlines_.arm(connection, monotonicNow() + timeout);
  // It may have been put off for its consumer, or by its user: the peer's answer has to be read.
  if (!connection.input.resume() && !connection.input.paused()) return;
  pending_.inputWanted(connection);
}

void Closer::lastLeft(Connection& connection) {
  CloseInfo& info = connection.ending.info();
  if (info.error) return;
  if (connection.ending.both() && !std::exchange(info.finished, true)) {
    info.left = true;
    const uint64_t wait = std::min<uint64_t>(kServerFirst, connection.endpoint()->closeTimeout);
    return deadlines_.arm(connection, monotonicNow() + wait);
  }
  if (std::exchange(info.left, true)) return;
  info.unsent = unsentOf(connection);
  deadlines_.arm(connection, monotonicNow() + connection.endpoint()->closeTimeout);
}

// The handshake is done, all of ours is out, and the peer does not end: so we do. What it may still
// send is read meanwhile, lest the kernel answer with a reset. False: there is nothing to be done.
bool Closer::endOwnSide(Connection& connection) {
  if (!connection.ending.info().finished || connection.ending.finSent()) return false;
  ConnectionGuard guard(connection);
  if (!guard) return false;
  connection.ending.noteFin();
  note(connection, Flight::ended);
  shutdownWrite(connection.fd(), connection.ssl());
  deadlines_.arm(connection,
                 monotonicNow() + std::min<uint64_t>(kLinger, connection.endpoint()->closeTimeout));
  return true;
}

void Closer::closeExpired(Connection& connection) {
  CloseInfo& info = connection.ending.info();
  if (!info.error && endOwnSide(connection)) return;
  if (info.error || connection.ending.both()) return finish(connection);
  const uint64_t timeout = connection.endpoint()->closeTimeout;
  const uint64_t unsent = unsentOf(connection);
  if (info.unsent > unsent + kLowestRate * timeout / 1000) {
    info.unsent = unsent;
    return deadlines_.arm(connection, monotonicNow() + timeout);
  }
  info.code = 1006;
  info.error.code = "ERR_CLOSE_TIMEOUT";
  if (ConnectionGuard guard(connection); !guard) {
    info.error.fields.set("reason", "its close frame had to wait for a lease");
  } else if (unsent > 0) {
    info.error.fields.set("unsent", std::to_string(unsent));
  }
  info.error.fields.set("timeout", std::to_string(timeout));
  note(connection, Flight::timeout);
  noteError(connection, 0, 0, connection.fd());
  finish(connection);
}

// What was to be sent and the peer has not acknowledged: tcp(7), SIOCOUTQ.
uint64_t Closer::unsentOf(Connection& connection) {
  int queued = 0;
  // A descriptor that is lent may not be there any more.
  if (ConnectionGuard guard(connection); guard) ioctl(connection.fd(), SIOCOUTQ, &queued);
  return connection.output.queue.size() + static_cast<uint64_t>(std::max(queued, 0));
}

void Closer::discardInput(Connection& connection) {
  if (connection.input.discard()) return;
  if (connection.input.paused() || connection.input.stalled()) pending_.inputWanted(connection);
}

void Closer::finish(Connection& connection) {
  if (!connection.established()) return;
  ConnectionGuard guard(connection);
  if (connection.cell()->ownership == Ownership::detached) return forget(connection);
  BioDelays::warn(connection);
  requests_.revoke(connection);
  connection.enter(Phase::dying);
  deadlines_.arm(connection, 0);
  if (connection.decoder) connection.decoder->stop();
  // A peer that speaks TLS and did nothing wrong hears that this is the end, and no truncation.
  if (connection.ssl() != nullptr && !connection.ending.finSent() &&
      !connection.ending.info().error) {
    sendCloseNotify(connection.ssl());
  }
  // libwebsockets waits for no answer to it, but looks for one: a flood would hold it there.
  if (bio::Socket* const socket = bio::Socket::of(connection.ssl())) socket->grant(0);
  // What libwebsockets still does with it, it does without the lock.
  if (connection.flight() != nullptr && connection.ssl() != nullptr) unwatchTls(connection.ssl());
  polls_.remove(connection);
  endDuplicates(connection);
  finished_.push_back(&connection);
}

void Closer::forget(Connection& connection) {
  connection.enter(Phase::dying);
  deadlines_.arm(connection, 0);
  requests_.dropExpiry(connection.id);
  // Whoever took it could not take it out of every kind of poll set.
  if (!connection.polling.parked() && polls_.poller().sharedSet() < 0) polls_.remove(connection);
  connection.polling.park();
  CloseInfo& info = connection.ending.info();
  info = {};
  info.reason = "detached";
  finished_.push_back(&connection);
}

// A holder's duplicate, or that of a process which was given one, would keep the connection open
// when our descriptor is closed, and its peer in the dark. And nothing of what libwebsockets does
// to close it may wait. The lock is held.
void Closer::endDuplicates(Connection& connection) {
  const LeaseCell& cell = *connection.cell();
  if (cell.lent) restoreFlags(connection.fd());
  const bool resets = (cell.lent || cell.lingers) && stopLingering(connection.fd());
  if (cell.duplicates.count() > 0 || (cell.lent && !resets)) shutdown(connection.fd(), SHUT_RDWR);
}

void Closer::revokeAll() {
  table_.forEach([&](Connection& connection) {
    // What is recorded stays in its cell: the worker may have crashed, and the main thread asks.
    const bool recorded = connection.endFlight();
    if (!connection.established()) return;
    ConnectionGuard guard(connection);
    if (connection.cell()->ownership == Ownership::detached) {
      connection.enter(Phase::dying);  // whoever took it waits for destroyed()
      return;
    }
    requests_.revoke(connection);
    if (recorded && connection.ssl() != nullptr) unwatchTls(connection.ssl());
    endDuplicates(connection);
  });
  polls_.poller().clear();
}

void Closer::expired(Connection& connection) {
  if (!connection.request) {
    if (connection.phase() == Phase::closing) closeExpired(connection);
    return;
  }
  CloseInfo& info = connection.ending.info();
  if (!info.error) {
    info.error.code = "ERR_HANDSHAKE_TIMEOUT";
    info.error.fields.set("timeout", std::to_string(connection.endpoint()->timeout));
  }
  finish(connection);
}

void Closer::closeFinished(Connector& connector) {
  if (!finished_.empty()) polls_.poller().settle();
  for (size_t i = 0; i < finished_.size(); i++) {
    if (finished_[i]->phase() == Phase::dying) connector.close(*finished_[i]);
  }
  finished_.clear();
}

}  // namespace lwspool

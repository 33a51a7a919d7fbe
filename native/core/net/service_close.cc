// The ways in which a connection ends.
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "../base/errno_name.h"
#include "../bio/chain.h"
#include "../bio/socket.h"
#include "../flight/tls_watch.h"
#include "../ws/close_code.h"
#include "../ws/frame_encoder.h"
#include "connection_guard.h"
#include "flight_note.h"
#include "service.h"

namespace lwspool {

namespace {

// While more than this gets through to the peer, a connection that is closing is not cut. Bytes per
// second.
constexpr uint64_t kLowestRate = 1024;

}  // namespace

void Service::beginClosing(Connection& connection, uint64_t timeout) {
  connection.enter(Phase::closing);
  ConnectionGuard guard(connection);
  connection.cell->closing = true;  // and whoever waits for a lease is told
  connection.closing().unsent = unsentOf(connection);
  arm(connection, monotonicNow() + timeout);
  // It may have been put off for its consumer, or by its user: the peer's answer has to be read.
  if (!std::exchange(connection.stalled, false) && !connection.paused) return;
  inputWanted(connection);
}

// The kernel has the close frame, or FIN: from now on the peer has closeTimeout.
void Service::lastLeft(Connection& connection) {
  CloseInfo& info = connection.closing();
  if (info.error || std::exchange(info.left, true)) return;
  info.unsent = unsentOf(connection);
  arm(connection, monotonicNow() + connection.endpoint->closeTimeout);
}

// What was to be sent and the peer has not acknowledged: tcp(7), SIOCOUTQ.
uint64_t Service::unsentOf(Connection& connection) {
  int queued = 0;
  // A descriptor that is lent may not be there any more.
  if (ConnectionGuard guard(connection); guard) ioctl(connection.fd, SIOCOUTQ, &queued);
  return connection.out.size() + static_cast<uint64_t>(std::max(queued, 0));
}

void Service::closeExpired(Connection& connection) {
  CloseInfo& info = connection.closing();
  if (info.error || (connection.closeSent && connection.closeReceived)) return finish(connection);
  const uint64_t timeout = connection.endpoint->closeTimeout;
  const uint64_t unsent = unsentOf(connection);
  if (info.unsent > unsent + kLowestRate * timeout / 1000) {
    info.unsent = unsent;
    return arm(connection, monotonicNow() + timeout);
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
  noteError(connection, 0, 0, connection.fd);
  finish(connection);
}

void Service::sendClose(Connection& connection, uint16_t code, std::string_view reason) {
  if (!ws::maySendClose(code, reason)) {
    code = ws::close_code::noStatus;
    reason = {};
  }
  connection.out.commit(ws::writeClose(connection.out.reserve(ws::kMaxControlFrame),
                                       connection.endpoint->role, code, reason, &masks_));
  connection.queuedBytes = connection.flushedBytes + connection.out.size();
  connection.closeSent = true;
  note(connection, Flight::closeSent, code);
  markDirty(connection);
}

void Service::close(Connection& connection, uint16_t code, std::string_view reason) {
  switch (connection.phase) {
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
    connection.closing().code = 1000;
    connection.endAfterFlush = true;
    beginClosing(connection, connection.endpoint->closeTimeout);
    return markDirty(connection);
  }
  sendClose(connection, code, reason);
  beginClosing(connection, connection.endpoint->closeTimeout);
}

void Service::end(Connection& connection) {
  if (connection.phase != Phase::open || connection.kind() != Kind::raw) return;
  connection.endAfterFlush = true;
  if (connection.inputEnded) {
    connection.closing().code = 1000;
    beginClosing(connection, connection.endpoint->closeTimeout);
  }
  markDirty(connection);
}

void Service::peerClosed(Connection& connection, uint16_t code, std::string_view reason) {
  connection.closeReceived = true;
  note(connection, Flight::closeReceived, code);
  CloseInfo& info = connection.closing();
  if (!info.error) {
    info.code = code;
    info.reason = reason;
  }
  if (!connection.closeSent) {
    sendClose(connection, code, {});
    beginClosing(connection, connection.endpoint->closeTimeout);
  }
  discardInput(connection);
  markDirty(connection);
}

void Service::fail(Connection& connection, uint16_t code, ErrorInfo error) {
  if (!connection.established() || connection.closing().error) return;
  CloseInfo& info = connection.closing();
  info.code = code;
  info.error = std::move(error);
  noteError(connection, 0, code, connection.fd);
  connection.endAfterFlush = true;
  if (connection.decoder) {
    // A holder's reads go through it; nothing more of ours does.
    if (ConnectionGuard guard(connection); guard) connection.decoder->stop();
    if (!connection.closeSent) sendClose(connection, code, {});
  }
  beginClosing(connection, std::min<uint64_t>(kLinger, connection.endpoint->closeTimeout));
  discardInput(connection);
  markDirty(connection);
}

void Service::lost(Connection& connection, const char* what, int error) {
  if (!connection.established()) return;
  CloseInfo& info = connection.closing();
  if (!info.error && !(connection.closeSent && connection.closeReceived)) {
    info.code = 1006;
    info.error.code = "ERR_CONNECTION_LOST";
    info.error.fields.set("syscall", what);
    noteError(connection, error, 0, connection.fd);
    // A BIO that failed by itself knows better.
    if (const ErrorInfo* fault = bio::faultOf(connection.ssl)) {
      info.error = *fault;
      return finish(connection);
    }
    if (error != 0) info.error.fields.set("errno", errnoName(error));
    if (connection.decoder && connection.decoder->midMessage()) {
      info.error.fields.set("midMessage", "true");
    }
  }
  finish(connection);
}

// What it was about to do is not done: neither its queue nor its codec can go on.
void Service::outOfMemory(Connection& connection) {
  if (!connection.established()) return;
  connection.out.clear();
  connection.queuedBytes = connection.flushedBytes;
  CloseInfo& info = connection.closing();
  if (!info.error) {
    info.code = 1006;
    info.error.code = "ERR_NO_MEMORY";
    noteError(connection, ENOMEM, 0, connection.fd);
  }
  finish(connection);
}

void Service::terminate(Connection& connection) {
  switch (connection.phase) {
    case Phase::queued:
    case Phase::opening:
      return handshakes_.cancel(connection, {"ERR_ABORTED", {}});
    case Phase::open:
    case Phase::closing:
      if (!connection.closeReceived) connection.closing().code = 1006;
      note(connection, Flight::abandoned);
      if (!connection.wasOpen) connection.closing().error.code = "ERR_ABORTED";
      return finish(connection);
    default:
      return;
  }
}

void Service::abandon(uint32_t group) {
  for (Connection& connection : connections_) {
    if (connection.group != group || connection.owner == main_) continue;
    if (connection.phase == Phase::queued || connection.phase == Phase::opening) {
      terminate(connection);
    }
  }
}

void Service::finish(Connection& connection) {
  if (!connection.established()) return;
  ConnectionGuard guard(connection);
  if (connection.cell->ownership == Ownership::detached) return forget(connection);
  warn(connection);
  revoke(connection);
  connection.enter(Phase::dying);
  arm(connection, 0);
  if (connection.decoder) connection.decoder->stop();
  // A peer that speaks TLS and did nothing wrong hears that this is the end, and no truncation.
  if (connection.ssl != nullptr && !connection.finSent && !connection.closing().error) {
    sendCloseNotify(connection.ssl);
  }
  // libwebsockets waits for no answer to it, but looks for one: a flood would hold it there.
  if (bio::Socket* const socket = bio::Socket::of(connection.ssl)) socket->grant(0);
  // What libwebsockets still does with it, it does without the lock.
  if (connection.flight != nullptr && connection.ssl != nullptr) unwatchTls(connection.ssl);
  if (!connection.parked) poller_->remove(connection.fd, connection.id);
  endDuplicates(connection);
  finished_.push_back(&connection);
}

}  // namespace lwspool

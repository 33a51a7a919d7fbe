// Bytes in and out of established connections.
#include <cerrno>
#include <cstring>
#include <utility>

#include "../ws/frame_encoder.h"
#include "service.h"

namespace lwspool {

// Takes what the decoder finds to the connection's consumer.
struct Sink {
  Service& service;
  Connection& connection;

  void message(ws::Opcode opcode, const uint8_t* data, size_t size) {
    connection.consumer->message(connection, opcode, data, size);
  }
  void message(ws::Opcode opcode, ws::Bytes&& data) {
    connection.consumer->message(connection, opcode, std::move(data));
  }
  void ping(const uint8_t* data, size_t size) { service.ping(connection, data, size); }
  void pong(const uint8_t* data, size_t size) { connection.consumer->pong(connection, data, size); }
  void close(uint16_t code, const uint8_t* reason, size_t size) {
    service.peerClosed(connection, code, {reinterpret_cast<const char*>(reason), size});
  }
};

void Service::readable(Connection& connection) {
  if (connection.consumer->congested()) {
    connection.stalled = true;
    stalled_.push_back(connection.id);
    return updateInterest(connection);
  }
  const IoResult result = receive(connection.fd, connection.ssl, buffer_.data(), buffer_.size());
  if (result.status == IoResult::Status::done) {
    input(connection, buffer_.data(), result.bytes);
    // The poller reports what the kernel still holds, but not what OpenSSL does.
    if (connection.reads() && hasPending(connection.ssl)) readable(connection);
  } else if (result.status != IoResult::Status::again) {
    inputEnded(connection, result);
  }
}

void Service::input(Connection& connection, uint8_t* data, size_t size) {
  if (connection.discard) return;
  if (connection.request) return request(connection, data, size);
  if (connection.kind() == Kind::raw) {
    connection.consumer->data(connection, data, size);
    return;
  }
  Sink sink{*this, connection};
  const ws::Failure* failure = connection.decoder->feed(data, size, sink);
  if (failure == nullptr) return;
  ErrorInfo error;
  switch (failure->code) {
    case ws::close_code::invalidPayload:
      error.code = "ERR_INVALID_UTF8";
      break;
    case ws::close_code::tooBig:
      error.code = "ERR_MESSAGE_TOO_BIG";
      break;
    default:
      error.code = "ERR_PROTOCOL";
      break;
  }
  error.fields.set("reason", failure->reason);
  error.fields.set("limit", std::to_string(connection.endpoint->maxPayload));
  fail(connection, failure->code, std::move(error));
}

void Service::inputEnded(Connection& connection, const IoResult& result) {
  if (result.status == IoResult::Status::broken) {
    return lost(connection, "read", result.error);
  }
  if (connection.kind() == Kind::raw) {
    connection.inputEnded = true;
    updateInterest(connection);
    if (connection.phase != Phase::open) return markDirty(connection);
    if (connection.endAfterFlush) return end(connection);
    // Half-closed. The consumer ends this side when it has answered what it got.
    return connection.consumer->ended(connection);
  }
  if (!connection.closeReceived && !connection.closing().error) {
    return lost(connection, "read", 0);
  }
  finish(connection);
}

void Service::ping(Connection& connection, const uint8_t* data, size_t size) {
  connection.consumer->ping(connection, data, size);
  if (connection.phase != Phase::open) return;
  // One answer at a time: a peer that asks without reading must not make the queue grow. RFC 6455,
  // 5.5.3 lets an answer stand for all pings before the last.
  if (connection.pongPosition > connection.flushedBytes) return;
  sendFrame(connection, ws::Opcode::pong, data, size);
  connection.pongPosition = connection.queuedBytes;
}

void Service::send(Connection& connection, ws::Opcode opcode, const uint8_t* data, size_t size) {
  if (connection.phase != Phase::open || connection.endAfterFlush) return;
  if (connection.kind() == Kind::raw) {
    connection.out.append(data, size);
    connection.queuedBytes += size;
    return markDirty(connection);
  }
  sendFrame(connection, opcode, data, size);
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

void Service::mark(Connection& connection, uint32_t number, Consumer& asker) {
  if (connection.flushedBytes == connection.queuedBytes || !connection.established()) {
    return asker.flushed(connection, number);
  }
  if (!connection.marks) connection.marks = std::make_unique<std::vector<Mark>>();
  connection.marks->push_back({connection.queuedBytes, number, &asker});
}

void Service::flush(Connection& connection) {
  OutBuffer& out = connection.out;
  while (!out.empty()) {
    const IoResult result = transmit(connection.fd, connection.ssl, out.front(), out.size());
    if (result.status == IoResult::Status::done) {
      connection.flushedBytes += result.bytes;
      out.consume(result.bytes);
    } else if (result.status == IoResult::Status::again) {
      break;
    } else {
      return lost(connection, "write", result.error);
    }
  }
  connection.ledger->pending.store(static_cast<double>(out.size()), std::memory_order_release);
  const bool wantWrite = !out.empty();
  if (wantWrite != connection.wantWrite) {
    connection.wantWrite = wantWrite;
    updateInterest(connection);
  }
  flushed(connection);
}

void Service::flushed(Connection& connection) {
  if (connection.marks) {
    // Taken out first: whoever is told may set another.
    std::vector<Mark> reached;
    auto& marks = *connection.marks;
    while (!marks.empty() && marks.front().position <= connection.flushedBytes) {
      reached.push_back(marks.front());
      marks.erase(marks.begin());
    }
    if (marks.empty()) connection.marks.reset();
    for (const Mark& mark : reached) mark.asker->flushed(connection, mark.number);
  }
  if (!connection.out.empty()) return;
  if (connection.endAfterFlush && !connection.finSent) {
    connection.finSent = true;
    shutdownWrite(connection.fd, connection.ssl);
  }
  if (connection.phase != Phase::closing) return;
  const bool bothEnded = connection.kind() == Kind::raw
                             ? connection.finSent && connection.inputEnded
                             // RFC 6455, 7.1.1: the server closes first.
                             : connection.closeSent && connection.closeReceived &&
                                   connection.endpoint->role == ws::Role::server;
  if (bothEnded) finish(connection);
}

void Service::updateInterest(Connection& connection) {
  if (connection.parked) return;
  const int error =
      poller_.change(connection.fd, connection.id, connection.reads(), connection.wantWrite);
  if (error != 0) lost(connection, "epoll_ctl", error);
}

void Service::pause(Connection& connection, bool paused) {
  if (connection.paused == paused) return;
  connection.paused = paused;
  if (!connection.established()) return;
  if (!paused && connection.parked && !connection.discard) {
    connection.parked = false;
    const int error =
        poller_.add(connection.fd, connection.id, connection.reads(), connection.wantWrite);
    if (error != 0) return lost(connection, "epoll_ctl", error);
  } else {
    updateInterest(connection);
  }
  if (connection.reads() && hasPending(connection.ssl)) readable(connection);
}

// EPOLLERR and EPOLLHUP are reported for as long as they hold. While nobody wants to read, the
// descriptor leaves the poll set; what the peer sent before it broke is read once somebody does.
void Service::broken(Connection& connection) {
  connection.parked = true;
  poller_.remove(connection.fd);
}

void Service::resumeStalled() {
  if (stalled_.empty()) return;
  std::vector<ConnectionId> stalled;
  stalled.swap(stalled_);
  for (ConnectionId id : stalled) {
    Connection* connection = find(id);
    if (connection == nullptr || !connection->stalled) continue;
    if (connection->consumer->congested()) {
      stalled_.push_back(id);
      continue;
    }
    connection->stalled = false;
    if (!connection->established()) continue;
    if (connection->parked && !connection->discard && !connection->paused) {
      connection->parked = false;
      poller_.add(connection->fd, connection->id, true, connection->wantWrite);
    } else {
      updateInterest(*connection);
    }
    if (connection->reads() && hasPending(connection->ssl)) readable(*connection);
  }
}

}  // namespace lwspool

// Connections on their way from the connector to those that are served, and the last of them.
#include <openssl/crypto.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "../bio/chain.h"
#include "../flight/tls_watch.h"
#include "../io/addresses.h"
#include "connection_guard.h"
#include "flight_note.h"
#include "service.h"

namespace lwspool {

int Service::watch(Connection& connection, int fd) {
  Opening& opening = *connection.opening;
  connection.fd = fd;
  // A Unix socket that is connected has room.
  const bool write = connection.tellsOfRoom() || !opening.stands;
  const int error = poller_->add(fd, connection.id, true, write);
  opening.watched = error == 0;
  opening.watchedSince = looks_;
  return error;
}

// Named by a slot that no connection has.
int Service::watchListener(int fd, uint32_t number, bool fresh) {
  const ConnectionId id{channel_.slots.capacity() + number, 0};
  return fresh ? poller_->add(fd, id, true, false) : poller_->change(fd, id, true, false);
}

void Service::lookAgain(Connection& connection) {
  poller_->change(connection.fd, connection.id, true, true);
}

void Service::established(Connection& connection, int fd, SSL* ssl) {
  handshakes_.succeeded(connection);
  connector_->established(connection);
  connection.fd = fd;
  connection.ssl = ssl;
  arm(connection, 0);
  connection.enter(Phase::open);
  connection.wasOpen = true;
  connection.reached(&ConnectionFigures::opened);
  countOpened(connection);
  const std::unique_ptr<Opening> opening = std::move(connection.opening);
  if (connection.kind() == Kind::ws) {
    connection.decoder.emplace(
        ws::DecoderOptions{connection.endpoint->role, connection.endpoint->maxPayload, nullptr});
  }
  // Nobody gets a lease before what came with the answer is taken in.
  ConnectionGuard guard(connection);
  makeLeasable(connection);
  note(connection, Flight::opened);
  if (connection.flight != nullptr && ssl != nullptr) watchTls(ssl, *connection.cell, Lock::held);
  Fields facts;
  if (!opening->protocol.empty()) facts.set("protocol", opening->protocol);
  if (!opening->headers.empty()) facts.set("headers", opening->headers);
  // A handler asks for the addresses where it wants them, see ServiceBinding::addresses().
  if (connection.sink != main_) connection.sink->opened(connection, facts);
  if (connection.owner == main_) {
    describeAddresses(fd, facts);
    connection.owner->opened(connection, facts);
  }
  for (std::string& line : opening->secrets) {
    connection.owner->keylog(connection, line);
    if (connection.sink != connection.owner) connection.sink->keylog(connection, line);
    OPENSSL_cleanse(line.data(), line.size());
  }
  int error = 0;
  const bool wrote = std::exchange(connection.wantWrite, false) && !connection.tellsOfRoom();
  connection.watched = true;
  if (!opening->watched || connection.paused || wrote || !opening->drained) {
    error = watchOn(connection, !opening->watched);
  }
  if (error != 0) return lost(connection, "epoll_ctl", error);
  if (!opening->early.empty()) {
    countRead(connection, opening->early.size());
    input(connection, reinterpret_cast<uint8_t*>(opening->early.data()), opening->early.size());
  }
  if (bio::keptBy(ssl) > 0) {
    connection.cell->writeComplete = false;
    markDirty(connection);
  }
  warn(connection);
  // TLS may hold bytes already that no poller will report.
  if (hasPending(ssl) && connection.reads()) readLater(connection);
}

void Service::failed(Connection& connection) {
  const std::unique_ptr<Opening> opening = std::move(connection.opening);
  connection.enter(Phase::free);
  connection.fd = -1;
  connection.ssl = nullptr;
  endRecord(connection, opening->error);
  connection.owner->failed(connection, opening->error);
  if (connection.sink != connection.owner) {
    connection.sink->failed(connection, opening->error);
  }
  host_.wake();
}

void Service::destroyed(Connection& connection) {
  {
    std::lock_guard lock(connection.cell->mutex);
    if (connection.cell->ownership == Ownership::detached) {
      connection.cell->ownership = Ownership::nobody;
      const auto& holding = connection.cell->holding;
      if (holding && holding->departure) holding->departure->tell();
    }
  }
  connection.enter(Phase::free);
  connection.fd = -1;
  connection.ssl = nullptr;
  connection.wsi = nullptr;
  connection.out.clear();
  connection.ledger->pending.store(0, std::memory_order_relaxed);
  CloseInfo& info = connection.closing();
  note(connection, Flight::closed, info.code);
  endRecord(connection, info.error);
  // The handler first: once the owner knows, the slot may be taken again.
  if (!connection.wasOpen) {  // its request was never answered; nobody but its owner knows of it
    connection.owner->failed(connection, info.error);
  } else {
    countClosed(info.code);
    if (connection.sink != connection.owner) {
      connection.sink->closed(connection, info.code, info.reason, info.error);
    }
    connection.owner->closed(connection, info.code, info.reason, info.error);
  }
  connection.closeInfo.reset();
  connection.marks.reset();
  connection.decoder.reset();
  connection.endpoint.reset();
  host_.wake();
}

}  // namespace lwspool

#include "establisher.h"

#include <openssl/crypto.h>

#include <memory>
#include <string>
#include <utility>

#include "../bio/chain.h"
#include "../flight/tls_watch.h"
#include "../io/addresses.h"
#include "../io/transport.h"
#include "connection_guard.h"
#include "flight_note.h"

namespace lwspool {

Establisher::Establisher(ServiceFigures& figures, const Sinks& sinks, Handshakes& handshakes,
                         Deadlines& deadlines, PollSet& polls, PendingReads& pending,
                         SendQueue& queue, LeaseRequests& requests, Closer& closer, Reader& reader)
    : figures_(figures),
      sinks_(sinks),
      handshakes_(handshakes),
      deadlines_(deadlines),
      polls_(polls),
      pending_(pending),
      queue_(queue),
      requests_(requests),
      closer_(closer),
      reader_(reader) {}

void Establisher::established(Connection& connection, int fd, SSL* ssl) {
  handshakes_.succeeded(connection);
  connection.setFd(fd);
  connection.setSsl(ssl);
  deadlines_.arm(connection, 0);
  connection.enter(Phase::open);
  connection.noteOpen();
  figures_.countOpened(connection);
  const std::unique_ptr<Opening> opening = std::move(connection.opening);
  if (connection.kind() == Kind::ws) {
    connection.extension = std::move(opening->extension);
    connection.decoder.emplace(ws::DecoderOptions{connection.endpoint()->role,
                                                  connection.endpoint()->maxPayload,
                                                  connection.extension.get()});
  }
  // Nobody gets a lease before what came with the answer is taken in.
  ConnectionGuard guard(connection);
  requests_.makeLeasable(connection);
  note(connection, Flight::opened);
  if (connection.flight() != nullptr && ssl != nullptr) {
    watchTls(ssl, *connection.cell(), Lock::held);
  }
  Fields facts;
  if (!opening->protocol.empty()) facts.set("protocol", opening->protocol);
  if (!opening->extensions.empty()) facts.set("extensions", opening->extensions);
  if (!opening->headers.empty()) facts.set("headers", opening->headers);
  // A handler asks for the addresses where it wants them, see ServiceBinding::addresses().
  if (connection.sink() != &sinks_.main()) connection.sink()->opened(connection, facts);
  if (connection.owner() == &sinks_.main()) {
    describeAddresses(fd, facts);
    connection.owner()->opened(connection, facts);
  }
  for (std::string& line : opening->secrets) {
    connection.owner()->keylog(connection, line);
    if (connection.sink() != connection.owner()) connection.sink()->keylog(connection, line);
    OPENSSL_cleanse(line.data(), line.size());
  }
  int error = 0;
  const bool wrote = connection.polling.wantRoom(false) && !connection.tellsOfRoom();
  connection.polling.askInput(true);
  if (!opening->watched || connection.input.paused() || wrote || !opening->drained) {
    error = polls_.watchOn(connection, !opening->watched);
  }
  if (error != 0) return closer_.lost(connection, polls_.poller().syscall(), error);
  if (!opening->early.empty()) {
    figures_.countRead(connection, opening->early.size());
    reader_.input(connection, reinterpret_cast<uint8_t*>(opening->early.data()),
                  opening->early.size());
  }
  if (bio::keptBy(ssl) > 0) {
    connection.cell()->writeComplete = false;
    queue_.markDirty(connection);
  }
  BioDelays::warn(connection);
  // TLS may hold bytes already that no poller will report.
  if (hasPending(ssl) && connection.reads()) pending_.add(connection);
}

}  // namespace lwspool

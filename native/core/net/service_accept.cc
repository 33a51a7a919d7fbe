// Connections that came in: a ws client's request is read and answered first.
#include <utility>

#include "../io/addresses.h"
#include "../ws/handshake.h"
#include "../ws/request_parser.h"
#include "connection_guard.h"
#include "service.h"

namespace lwspool {

void Service::accepted(Connection& connection, int fd, SSL* ssl, bool more) {
  const int error = connection.opening->watched ? 0 : watch(connection, fd);
  connection.watched = true;
  connection.ssl = ssl;
  connection.enter(Phase::open);
  connection.opening.reset();
  ConnectionGuard guard(connection);
  makeLeasable(connection);
  if (error != 0) return lost(connection, "epoll_ctl", error);
  if (connection.kind() == Kind::ws) {
    connection.request = std::make_unique<ws::RequestParser>();
    arm(connection, now_ + connection.endpoint->timeout);
  } else {
    connection.wasOpen = true;
    connection.reached(&ConnectionFigures::opened);
    connection.owner->opened(connection, {});
  }
  if (more || hasPending(ssl)) readLater(connection);
}

void Service::request(Connection& connection, uint8_t* data, size_t size) {
  size_t consumed = 0;
  const auto answer = [&](const std::string& text) {
    connection.out.append(text.data(), text.size());
    connection.queuedBytes += text.size();
    markDirty(connection);
  };
  switch (connection.request->feed(data, size, consumed)) {
    case ws::RequestParser::State::needMore:
      return;
    case ws::RequestParser::State::refused: {
      const ws::Refusal& refusal = connection.request->refusal();
      answer(ws::makeRefusal(refusal.status, refusal.text));
      connection.closing().error.code = "ERR_UPGRADE_INVALID";
      connection.endAfterFlush = true;
      beginClosing(connection, kLinger);
      return discardInput(connection);
    }
    case ws::RequestParser::State::accepted:
      break;
  }
  // A client that asks for protocols and is given none may give up (as browsers do).
  const auto& protocols = connection.request->request().protocols;
  answer(ws::makeResponse(connection.request->request().key,
                          protocols.empty() ? std::string_view() : protocols.front()));
  connection.request.reset();
  connection.deadline = 0;
  connection.decoder.emplace(
      ws::DecoderOptions{ws::Role::server, connection.endpoint->maxPayload, nullptr});
  connection.wasOpen = true;
  connection.reached(&ConnectionFigures::opened);
  connection.owner->opened(connection, {});
  if (consumed < size) input(connection, data + consumed, size - consumed);
}

}  // namespace lwspool

#include "acceptor.h"

#include <memory>
#include <string>
#include <utility>

#include "../io/transport.h"
#include "../ws/deflate.h"
#include "../ws/handshake.h"
#include "../ws/request_parser.h"
#include "connection_guard.h"

namespace lwspool {

Acceptor::Acceptor(Turn& turn, ConnectionTable& table, ServiceFigures& figures,
                   Deadlines& deadlines, PollSet& polls, PendingReads& pending, SendQueue& queue,
                   LeaseRequests& requests, Closer& closer, ws::DeflatePool& deflates)
    : turn_(turn),
      table_(table),
      figures_(figures),
      deadlines_(deadlines),
      polls_(polls),
      pending_(pending),
      queue_(queue),
      requests_(requests),
      closer_(closer),
      deflates_(deflates) {}

Connection* Acceptor::adopt(std::shared_ptr<const Endpoint> endpoint, EventSink& sink) {
  const auto id = turn_.channel.slots.allocate();
  if (!id) return nullptr;
  Connection& connection = table_.place(*id);
  figures_.begin(connection, std::move(endpoint));
  connection.belongTo(0, sink, sink);
  connection.opening = std::make_unique<Opening>();
  connection.enter(Phase::opening);
  return &connection;
}

void Acceptor::accepted(Connection& connection, int fd, SSL* ssl, bool more) {
  const int error = connection.opening->watched ? 0 : polls_.watch(connection, fd);
  connection.polling.askInput(true);
  connection.setSsl(ssl);
  connection.enter(Phase::open);
  connection.opening.reset();
  ConnectionGuard guard(connection);
  requests_.makeLeasable(connection);
  if (error != 0) return closer_.lost(connection, polls_.poller().syscall(), error);
  if (connection.kind() == Kind::ws) {
    connection.request = std::make_unique<ws::RequestParser>();
    deadlines_.arm(connection, turn_.now + connection.endpoint()->timeout);
  } else {
    connection.noteOpen();
    connection.owner()->opened(connection, {});
  }
  if (more || hasPending(ssl)) pending_.add(connection);
}

std::span<uint8_t> Acceptor::request(Connection& connection, uint8_t* data, size_t size) {
  size_t consumed = 0;
  const auto answer = [&](const std::string& text) {
    connection.output.queue.append(text.data(), text.size());
    connection.output.addQueued(text.size());
    queue_.markDirty(connection);
  };
  switch (connection.request->feed(data, size, consumed)) {
    case ws::RequestParser::State::needMore:
      return {};
    case ws::RequestParser::State::refused: {
      const ws::Refusal& refusal = connection.request->refusal();
      answer(ws::makeRefusal(refusal.status, refusal.text));
      connection.ending.info().error.code = "ERR_UPGRADE_INVALID";
      connection.ending.endAfterFlush();
      closer_.beginClosing(connection, Closer::kLinger);
      closer_.discardInput(connection);
      return {};
    }
    case ws::RequestParser::State::accepted:
      break;
  }
  // A client that asks for protocols and is given none may give up (as browsers do).
  const auto& protocols = connection.request->request().protocols;
  std::string extensions;
  if (const auto& options = connection.endpoint()->deflate) {
    auto deflate = std::make_unique<ws::Deflate>(ws::Role::server, *options, deflates_);
    extensions = ws::answerOf(*deflate, connection.request->request().extensions);
    if (!extensions.empty()) connection.extension = std::move(deflate);
  }
  answer(ws::makeResponse(connection.request->request().key,
                          protocols.empty() ? std::string_view() : protocols.front(), extensions));
  connection.request.reset();
  connection.setDeadline(0);
  connection.decoder.emplace(ws::DecoderOptions{ws::Role::server, connection.endpoint()->maxPayload,
                                                connection.extension.get()});
  connection.noteOpen();
  connection.owner()->opened(connection, {});
  return {data + consumed, size - consumed};
}

}  // namespace lwspool

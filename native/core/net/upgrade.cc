#include "upgrade.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../base/errno_name.h"
#include "../bio/chain.h"
#include "../io/transport.h"
#include "../ws/deflate.h"
#include "../ws/handshake.h"
#include "flight_note.h"

namespace lwspool {

namespace {

// RFC 9110, 15.2 sets no bound to the answers before the answer; no server has use for so many.
constexpr uint32_t kMostInterim = 16;

const char* codeOf(ws::HandshakeError error) {
  switch (error) {
    case ws::HandshakeError::badAccept:
      return "ERR_ACCEPT_MISMATCH";
    case ws::HandshakeError::unaskedProtocol:
    case ws::HandshakeError::noProtocol:
      return "ERR_SUBPROTOCOL";
    case ws::HandshakeError::unaskedExtension:
      return "ERR_EXTENSION";
    default:
      return "ERR_UPGRADE_INVALID";
  }
}

std::string listOf(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

void describe(const ws::ResponseParser& answer, ErrorInfo& error) {
  error.fields.set("status", std::to_string(answer.status()))
      .set("statusText", answer.phrase())
      .set("headers", answer.fields());
}

// A field of the answer is missing, or has another value than it has to.
void wrongField(ErrorInfo& error, std::string_view name, std::string_view received,
                std::string_view expected) {
  std::string reason = "its header " + std::string(name);
  if (received.empty()) {
    reason += " is missing";
  } else {
    reason.append(" is not \"").append(expected).append("\"");
    error.fields.set("received", received);
  }
  error.fields.set("expected", expected).set("reason", reason);
}

// What is wrong with a 101; nothing: it opens the connection, and the extension is in use where its
// server has taken it. It ends with its head, whatever it says of a body (RFC 9112, 6.3).
ErrorInfo check(const ws::ResponseParser& answer, const Opening& opening, const Endpoint& endpoint,
                ws::Extension* extension) {
  const std::string upgrade = answer.field("upgrade");
  const std::string connection = answer.field("connection");
  const std::string accept = answer.field("sec-websocket-accept");
  std::optional<ws::Misfit> misfit;
  const ws::HandshakeError problem = ws::checkResponse(
      {upgrade, connection, accept, opening.protocol, opening.extensions},
      {opening.key, endpoint.protocols, extension, endpoint.requiresProtocol, &misfit});
  ErrorInfo error;
  if (problem == ws::HandshakeError::none) return error;
  error.code = codeOf(problem);
  switch (problem) {
    case ws::HandshakeError::badUpgrade:
      wrongField(error, "Upgrade", upgrade, "websocket");
      break;
    case ws::HandshakeError::badConnection:
      wrongField(error, "Connection", connection, "Upgrade");
      break;
    case ws::HandshakeError::badAccept:
      if (!accept.empty()) error.fields.set("received", accept);
      error.fields.set("expected", ws::acceptFor(opening.key));
      break;
    case ws::HandshakeError::unaskedProtocol:
      error.fields.set("received", opening.protocol).set("expected", listOf(endpoint.protocols));
      break;
    case ws::HandshakeError::noProtocol:
      error.fields.set("expected", listOf(endpoint.protocols));
      break;
    case ws::HandshakeError::unaskedExtension:
      error.fields.set("received", opening.extensions);
      if (misfit) error.fields.set("parameter", misfit->parameter).set("problem", misfit->problem);
      break;
    case ws::HandshakeError::none:
      break;
  }
  return error;
}

}  // namespace

void Upgrade::connected(Connection& connection, int fd, SSL* ssl, bool requested, bool more) {
  Opening& opening = *connection.opening;
  if (connection.kind() == Kind::raw) {
    opening.drained = !more;
    return establisher_.established(connection, fd, ssl);
  }
  connection.setSsl(ssl);
  opening.stands = opening.upgrading = true;
  if (const int error = opening.watched ? 0 : polls_.watch(connection, fd)) {
    polls_.describe(error, opening.error);
    return handshakes_.abandon(connection);
  }
  if (!requested) {
    const std::string request =
        ws::makeRequest(connection.endpoint()->requestHead, opening.key) + "\r\n";
    opening.request.append(request.data(), request.size());
  }
  sendRequest(connection);
  // TLS may hold bytes already that no poller will report.
  if (connection.upgrading() && (more || hasPending(ssl))) readAnswer(connection, true);
}

void Upgrade::disconnect(Connection& connection, bool closed) {
  Opening& opening = *connection.opening;
  opening.upgrading = opening.stands = opening.putOff = false;
  polls_.forget(connection, closed);
}

void Upgrade::ready(Connection& connection, bool readable, bool writable, bool ended) {
  if (writable) sendRequest(connection);
  if (!readable || !connection.upgrading()) return;
  readAnswer(connection, ended || !connection.endpoint()->unixPath.empty());
}

// And what BIOs have kept of the one that libwebsockets has sent.
void Upgrade::sendRequest(Connection& connection) {
  Opening& opening = *connection.opening;
  connection.polling.wantRoom(false);
  bio::Chain* const chain = bio::Chain::of(connection.ssl());
  IoResult result{IoResult::Status::done};
  while (result.status == IoResult::Status::done && !opening.request.empty()) {
    result = transmit(connection.fd(), connection.ssl(), opening.request.front(),
                      opening.request.size());
    opening.request.consume(result.bytes);
  }
  if (result.status == IoResult::Status::done) {
    opening.reached = std::max(opening.reached, Reached::request);
    if (chain != nullptr && chain->kept() > 0) result = chain->flush(connection.ssl());
  }
  if (result.status == IoResult::Status::again) {
    if (chain != nullptr && chain->ownRetries() > 0)
      return delays_.backOffOpening(connection, *chain);
    connection.polling.wantRoom(true);
    if (!connection.tellsOfRoom())
      polls_.poller().change(connection.fd(), connection.id, true, true);
  } else if (result.status != IoResult::Status::done) {
    // What the server said before it went, if anything, is still to be had.
    readAnswer(connection, true);
    if (connection.upgrading()) answerEnded(connection, result);
  }
}

// What comes behind the answer is the first that waits for the consumer, see backpressure.h.
// More: where the kernel gave less than it was asked for, there may be more all the same.
void Upgrade::readAnswer(Connection& connection, bool more) {
  for (int i = 0; i < kReads; i++) {
    const IoResult result =
        receive(connection.fd(), connection.ssl(), turn_.buffer.data(), kSmallRead);
    if (result.status == IoResult::Status::again) {
      bio::Chain* const chain = bio::Chain::of(connection.ssl());
      if (chain != nullptr && chain->ownRetries() > 0) delays_.backOffOpening(connection, *chain);
      if (!result.more) return;
      break;
    }
    if (result.status != IoResult::Status::done) return answerEnded(connection, result);
    turn_.taken += result.bytes;
    const bool drained = result.drained && !more && !hasPending(connection.ssl());
    connection.opening->drained = drained;
    answer(connection, turn_.buffer.data(), result.bytes);
    if (drained || !connection.upgrading()) return;
  }
  polls_.poller().change(connection.fd(), connection.id, true, connection.polledForRoom());
  // The poller reports what the kernel still holds, but not what OpenSSL does.
  if (hasPending(connection.ssl())) pending_.add(connection);
}

void Upgrade::answer(Connection& connection, uint8_t* data, size_t size) {
  Opening& opening = *connection.opening;
  while (!opening.body) {
    size_t consumed = 0;
    switch (opening.answer.feed(data, size, consumed)) {
      case ws::ResponseParser::State::needMore:
        return;
      case ws::ResponseParser::State::malformed:
        opening.error.code = "ERR_UPGRADE_INVALID";
        opening.error.fields.set("reason", opening.answer.problem());
        return handshakes_.abandon(connection);
      case ws::ResponseParser::State::complete:
        break;
    }
    data += consumed;
    size -= consumed;
    const uint16_t status = opening.answer.status();
    note(connection, Flight::answer, status);
    if (status == 101) return switched(connection, data, size);
    if (status < 200) {
      // The answer follows.
      if (++opening.interim > kMostInterim) {
        opening.error.code = "ERR_UPGRADE_INVALID";
        opening.error.fields.set("reason", "more than 16 interim answers (1xx) came before it");
        return handshakes_.abandon(connection);
      }
      opening.answer = {};
      continue;
    }
    opening.reached = Reached::answer;
    opening.error.code = "ERR_UPGRADE_REFUSED";
    describe(opening.answer, opening.error);
    opening.body.emplace(opening.answer);
    opening.body->feed(data, size);
    if (opening.body->ended()) return handshakes_.abandon(connection);
    return handshakes_.awaitBody(connection);
  }
  opening.body->feed(data, size);
  if (opening.body->ended()) handshakes_.abandon(connection);
}

// The server speaks WebSocket; what came behind its answer is given.
void Upgrade::switched(Connection& connection, uint8_t* data, size_t size) {
  Opening& opening = *connection.opening;
  const ws::ResponseParser& head = opening.answer;
  opening.reached = Reached::answer;
  opening.protocol = head.field("sec-websocket-protocol");
  opening.extensions = head.field("sec-websocket-extensions");
  const Endpoint& endpoint = *connection.endpoint();
  opening.extension.reset();  // of an attempt before
  if (endpoint.deflate && !opening.extensions.empty()) {
    opening.extension =
        std::make_unique<ws::Deflate>(ws::Role::client, *endpoint.deflate, deflates_);
  }
  if (ErrorInfo error = check(head, opening, endpoint, opening.extension.get())) {
    opening.error = std::move(error);
    describe(head, opening.error);
    return handshakes_.abandon(connection);
  }
  if (endpoint.keepsHeaders) opening.headers = head.fields();
  opening.early.assign(reinterpret_cast<const char*>(data), size);
  releaseBuffers(connection.ssl());
  establisher_.established(connection, connection.fd(), connection.ssl());
}

void Upgrade::answerEnded(Connection& connection, const IoResult& result) {
  Opening& opening = *connection.opening;
  // OpenSSL's callbacks, and a BIO that failed by itself, know better.
  if (const ErrorInfo* fault = bio::faultOf(connection.ssl()); fault != nullptr && !opening.error) {
    opening.error = *fault;
  }
  if (!opening.error) {
    opening.error.code = "ERR_CONNECTION_RESET";
    if (result.error != 0) {
      noteError(connection, result.error, 0, -1);
      opening.error.fields.set("errno", errnoName(result.error));
    }
    if (const char* const reason = endingOf(result)) opening.error.fields.set("reason", reason);
  }
  handshakes_.abandon(connection);
}

}  // namespace lwspool

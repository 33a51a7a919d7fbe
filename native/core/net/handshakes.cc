#include "handshakes.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "../base/clock.h"
#include "connection.h"
#include "connector.h"
#include "flight_note.h"

namespace lwspool {

namespace {

bool isIPv6(const std::string& address) { return address.find(':') != std::string::npos; }

// How far the last attempt got, in the words of the error's field.
const char* phaseOf(const Connection& connection) {
  switch (connection.opening->reached) {
    case Reached::nothing:
      return "TCP";
    case Reached::tcp:
      return connection.endpoint()->tls ? "TLS" : "TCP";
    default:
      return "upgrade";
  }
}

}  // namespace

void Handshakes::enqueue(Connection& connection) {
  connection.enter(Phase::queued);
  connection.opening = std::make_unique<Opening>();
  note(connection, Flight::queued);
  queue_.push_back(connection.id);
}

void Handshakes::pump() {
  size_t begun = 0;
  for (; begun < kAtOnce && !next_.empty(); begun++) {
    Connection* connection = host_.find(next_.front());
    next_.pop_front();
    if (connection == nullptr || !connection->opening || !connection->opening->waiting) continue;
    const uint64_t now = monotonicNow();
    if (now >= connection->opening->deadline) {
      expired(*connection, now);
    } else {
      attempt(*connection);
    }
  }
  for (; begun < kAtOnce && inFlight_ < window_ && !queue_.empty(); begun++) {
    Connection* connection = host_.find(queue_.front());
    queue_.pop_front();
    if (connection != nullptr && connection->phase() == Phase::queued) begin(*connection);
  }
  if (!next_.empty() || (inFlight_ < window_ && !queue_.empty())) host_.wake();
}

void Handshakes::begin(Connection& connection) {
  inFlight_++;
  connection.opening->inWindow = true;
  connection.enter(Phase::opening);
  connection.reached(&ConnectionFigures::begun);
  note(connection, Flight::begun);
  connection.opening->deadline = monotonicNow() + connection.endpoint()->timeout;
  attempt(connection);
}

void Handshakes::attempt(Connection& connection) {
  Opening& opening = *connection.opening;
  const Endpoint& endpoint = *connection.endpoint();
  opening.error = {};
  opening.mayTryNext = false;
  opening.abandoned = false;
  opening.waiting = false;
  opening.attemptDeadline = 0;
  opening.localAddress.clear();
  if (connection.figures() != nullptr) add(connection.figures()->attempts, 1);
  if (endpoint.unixPath.empty()) {
    note(connection, Flight::attempt, static_cast<uint32_t>(opening.nextAddress));
    opening.address = endpoint.addresses[opening.nextAddress++];
    if (opening.nextAddress < endpoint.addresses.size()) {
      opening.attemptDeadline = monotonicNow() + kAttemptTimeout;
    }
    const size_t count = endpoint.localAddresses.size();
    const uint32_t first = count > 0 ? endpoint.nextLocalAddress.fetch_add(1) : 0;
    for (size_t i = 0; i < count && opening.localAddress.empty(); i++) {
      const std::string& candidate = endpoint.localAddresses[(first + i) % count];
      if (isIPv6(candidate) == isIPv6(opening.address)) opening.localAddress = candidate;
    }
    if (count > 0 && opening.localAddress.empty()) {
      opening.error.code = "ERR_LOCAL_ADDRESS";
      opening.error.fields.set("localAddress", endpoint.localAddresses[first % count])
          .set("address", opening.address);
      opening.mayTryNext = true;
      return attemptOver(connection);
    }
  }
  arm(connection);
  host_.connector().start(connection);
}

void Handshakes::arm(Connection& connection) {
  const Opening& opening = *connection.opening;
  uint64_t next = opening.deadline;
  for (const uint64_t sooner : {opening.attemptDeadline, opening.bodyDeadline}) {
    if (sooner > 0) next = std::min(next, sooner);
  }
  host_.arm(connection, next);
}

void Handshakes::awaitBody(Connection& connection) {
  connection.opening->bodyDeadline = monotonicNow() + kBodyTimeout;
  arm(connection);
}

void Handshakes::cancel(Connection& connection, ErrorInfo error) {
  Opening& opening = *connection.opening;
  if (opening.cancelled) return;
  if (error.code == "ERR_ABORTED") note(connection, Flight::abandoned);
  opening.error = std::move(error);
  opening.cancelled = true;
  if (connection.phase() == Phase::queued || opening.waiting) return finish(connection);
  abandon(connection);
}

void Handshakes::abandon(Connection& connection) {
  if (std::exchange(connection.opening->abandoned, true)) return;
  host_.disconnect(connection);
  host_.connector().abandon(connection);
}

void Handshakes::expired(Connection& connection, uint64_t now) {
  Opening& opening = *connection.opening;
  if (opening.cancelled) return;
  // The server has refused, and only the body of its answer does not end.
  if (opening.body) return cancel(connection, std::move(opening.error));
  if (now >= opening.deadline) {
    note(connection, Flight::timeout);
    ErrorInfo error{"ERR_HANDSHAKE_TIMEOUT", {}};
    error.fields.set("timeout", std::to_string(connection.endpoint()->timeout));
    return cancel(connection, std::move(error));
  }
  if (opening.attemptDeadline > 0 && now >= opening.attemptDeadline) {
    opening.attemptDeadline = 0;
    if (!host_.connector().connected(connection)) {
      opening.error.code = "ERR_SOCKET";
      opening.error.fields.set("errno", "ETIMEDOUT").set("syscall", "connect");
      noteError(connection, ETIMEDOUT, 0, -1);
      opening.mayTryNext = true;
      return abandon(connection);
    }
  }
  arm(connection);
}

void Handshakes::attemptOver(Connection& connection) {
  Opening& opening = *connection.opening;
  if (!opening.cancelled) {
    // A line for each: address, code, error number, call.
    for (std::string_view part :
         {std::string_view(opening.address), std::string_view(opening.error.code),
          opening.error.fields.get("errno"), opening.error.fields.get("syscall")}) {
      opening.attempts.append(part).push_back(' ');
    }
    opening.attempts.back() = '\n';
    if (opening.mayTryNext && opening.nextAddress < connection.endpoint()->addresses.size()) {
      opening.waiting = true;
      opening.attemptDeadline = 0;
      next_.push_back(connection.id);
      return host_.wake();
    }
  }
  finish(connection);
}

void Handshakes::finish(Connection& connection) {
  Opening& opening = *connection.opening;
  // One that came in, or was given up in the queue, never had a place in the window.
  if (opening.inWindow) inFlight_--;
  Fields& fields = opening.error.fields;
  const std::string_view code = opening.error.code;
  if (code == "ERR_HANDSHAKE_TIMEOUT" || code == "ERR_CONNECTION_RESET") {
    fields.set("phase", phaseOf(connection));
  }
  if (opening.body) fields.set("body", opening.body->text());
  const std::string& path = connection.endpoint()->unixPath;
  if (!path.empty()) fields.set("unixPath", path);
  if (!opening.address.empty()) fields.set("address", opening.address);
  if (!opening.localAddress.empty()) fields.set("localAddress", opening.localAddress);
  if (connection.endpoint()->addresses.size() > 1) fields.set("attempts", opening.attempts);
  if (const size_t leftOut = connection.endpoint()->leftOut; leftOut > 0) {
    fields.set("addressesLeftOut", std::to_string(leftOut));
  }
  host_.failed(connection);
}

void Handshakes::succeeded(Connection& connection) {
  if (std::exchange(connection.opening->inWindow, false)) inFlight_--;
  host_.connector().established(connection);
}

}  // namespace lwspool

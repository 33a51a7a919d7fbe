// The way from "connect" to "open": a queue, a window of attempts under way, the addresses of a
// name one after the other, and the time all that may take. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "../base/connection_id.h"
#include "../base/fields.h"

namespace lwspool {

class Connection;
class Connector;

// Whose connections they are: the service. Worker thread.
class HandshakeHost {
 public:
  virtual ~HandshakeHost() = default;
  virtual Connection* find(ConnectionId) = 0;
  // Wants expired() for this connection at that time.
  virtual void arm(Connection&, uint64_t deadline) = 0;
  // The poller forgets an attempt that is given up.
  virtual void disconnect(Connection&) = 0;
  // All attempts are over; opening->error says why.
  virtual void failed(Connection&) = 0;
  // Asks for another pump().
  virtual void wake() = 0;
  virtual Connector& connector() = 0;
};

class Handshakes {
 public:
  // How long one address may take to connect while there are others to try: what Node's
  // net.connect (autoSelectFamilyAttemptTimeout) gives it.
  static constexpr uint64_t kAttemptTimeout = 250;  // ms
  // A refusal is told of with as much of its body as comes within so long: servers send both
  // together, and who does not must not hold a place in the window.
  static constexpr uint64_t kBodyTimeout = 250;  // ms
  // Attempts begun by one pump(): each of them may fail at once, and the loop has other things to
  // do as well.
  static constexpr size_t kAtOnce = 64;

  Handshakes(HandshakeHost& host, uint32_t window) : host_(host), window_(window) {}
  Handshakes(const Handshakes&) = delete;
  Handshakes& operator=(const Handshakes&) = delete;

  void enqueue(Connection&);
  // Starts what the window has room for, next attempts first.
  void pump();
  // Gives up, with that error.
  void cancel(Connection&, ErrorInfo);
  // A deadline has come.
  void expired(Connection&, uint64_t now);

  // The server has refused; opening->error says so, and the rest of opening->body may follow.
  void awaitBody(Connection&);
  // The attempt has failed, or is not wanted any more: its end follows. opening->error says why.
  void abandon(Connection&);

  // From the connector. An attempt is over and nothing of it is left; opening->error says why.
  void attemptOver(Connection&);
  // The connection stands and leaves the window; the connector is told.
  void succeeded(Connection&);

 private:
  void begin(Connection&);
  void attempt(Connection&);
  void finish(Connection&);
  void arm(Connection&);

  HandshakeHost& host_;
  const uint32_t window_;
  uint32_t inFlight_ = 0;
  std::deque<ConnectionId> queue_;
  // Those whose next address is to be tried: by pump(), since the connector tells of a failure in
  // the middle of start(), and thousands of addresses that fail at once would call each other.
  std::deque<ConnectionId> next_;
};

}  // namespace lwspool

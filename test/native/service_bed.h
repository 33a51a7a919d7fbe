// A service without libwebsockets and without Node: sockets of our own, a loop of our own, and
// consumers that write down what they are told. All on one thread.
#pragma once

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "../../native/core/net/service.h"
#include "sockets.h"
#include "ws_frames.h"

namespace lwspool::test {

inline uint64_t keyOf(ConnectionId id) { return uint64_t{id.generation} << 32 | id.slot; }

// Long payloads are told by their length.
std::string brief(const uint8_t* data, size_t size);

class Recorder : public EventSink {
 public:
  // What happened on a connection, in words.
  Events& of(ConnectionId id) { return events_[keyOf(id)]; }
  const Fields& factsOf(ConnectionId id) { return facts_[keyOf(id)]; }
  Events broadcasts;
  bool full = false;
  size_t asked = 0;  // how often congested() was
  std::function<void(Connection&)> onOpened;
  std::function<void(Connection&, std::string_view)> onMessage;
  std::function<void(Connection&, uint32_t)> onFlushed;
  std::function<void(Connection&, int64_t)> onLeased;
  std::function<void(Connection&)> onClosed;

  void opened(Connection& connection, const Fields& facts) override;
  void failed(Connection& connection, const ErrorInfo& error) override;
  void closed(Connection& connection, uint16_t code, std::string_view reason,
              const ErrorInfo& error) override;
  void message(Connection& connection, ws::Opcode opcode, const uint8_t* data,
               size_t size) override;
  void message(Connection& connection, ws::Opcode opcode, ws::Bytes&& data) override;
  void ping(Connection& connection, const uint8_t* data, size_t size) override;
  void pong(Connection& connection, const uint8_t* data, size_t size) override;
  void data(Connection& connection, const uint8_t* data, size_t size) override;
  void ended(Connection& connection) override { note(connection, "ended"); }
  void flushed(Connection& connection, uint32_t mark) override;
  void leased(Connection& connection, uint32_t request, double tokenOrRefusal) override;
  void leaseExpired(Connection& connection, double token) override;
  void warned(Connection& connection, const char* code, std::string_view) override;
  void broadcast(uint32_t group, uint16_t flags, const uint8_t* data, size_t size) override;
  bool congested() override;

 private:
  void note(const Connection& connection, std::string what);

  std::map<uint64_t, Events> events_;
  std::map<uint64_t, Fields> facts_;
};

// An event loop: what uv does for a worker.
class TestHost final : public Host {
 public:
  TestHost() : wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~TestHost() { ::close(wake_); }
  TestHost(const TestHost&) = delete;
  TestHost& operator=(const TestHost&) = delete;

  std::function<void()> onDeliver;
  size_t polls = 0;  // how often the poller had something
  size_t turns = 0;

  // Any thread.
  void wake() override;
  void setTimer(uint64_t deadline) override;
  void deliver() override;

  // One iteration of the loop, which waits for at most so long.
  void turn(Service& service, int wait);

 private:
  const int wake_;
  uint64_t timer_ = 0;
};

// What becomes of an attempt to connect.
struct Attempt {
  // Connected: the HTTP upgrade is the service's, and the test's to answer.
  enum class End : uint8_t { atOnce, connected, onDemand, failsAtOnce, failsLater };
  End end = End::atOnce;
  const char* errnoName = "ECONNREFUSED";
  bool mayTryNext = true;
  bool tcpStands = false;  // onDemand: connected() says so
  const char* early = "";  // bytes that come with the answer
  bool requested = false;  // connected: the request was sent already
};

// The example of RFC 6455, 1.3.
constexpr const char* kKey = "dGhlIHNhbXBsZSBub25jZQ==";

// Opens connections over pairs of sockets whose other ends belong to the test.
class TestConnector final : public Connector {
 public:
  TestConnector(Service& service, TestHost& host) : service_(service), host_(host) {}
  ~TestConnector();
  TestConnector(const TestConnector&) = delete;
  TestConnector& operator=(const TestConnector&) = delete;

  std::function<Attempt(const Connection&)> plan;
  std::function<SocketPair()> sockets = [] { return unixPair(); };
  bool tls = false;
  Events log;  // addresses that were tried, and what was abandoned
  size_t inFlight = 0;
  size_t mostInFlight = 0;

  Peer& peer(ConnectionId id) { return *peers_.at(keyOf(id)); }
  void forget(ConnectionId id) { peers_.erase(keyOf(id)); }

  // Lets an attempt that waits come to its end.
  void succeed(Connection& connection) { establish(connection, {}); }
  void fail(Connection& connection, const Attempt& attempt) { over(connection, attempt); }

  // A connection from outside, which arrives at the service as at libwebsockets' listener.
  Connection* arrive(std::shared_ptr<const Endpoint> endpoint, EventSink& sink);

  void start(Connection& connection) override;
  void abandon(Connection& connection) override;
  bool connected(const Connection& connection) const override;
  void close(Connection& connection) override;
  void turn() override;

 private:
  static void release(Connection& connection);
  std::pair<int, SSL*> connect(Connection& connection);
  void establish(Connection& connection, std::string_view early);
  void over(Connection& connection, const Attempt& attempt);

  Service& service_;
  TestHost& host_;
  std::vector<std::function<void()>> later_;
  std::map<uint64_t, std::unique_ptr<Peer>> peers_;
};

std::shared_ptr<Endpoint> endpoint(Kind kind = Kind::ws, ws::Role role = ws::Role::client);

// Whether it keeps OpenSSL's buffers between messages.
bool keepsBuffers(const Connection& connection);

// A test that has a bed is run with each kind of poller that this kernel has.
PollerKind eachPoller();

// All of it together.
class Bed {
 public:
  explicit Bed(uint32_t window = 64, EventSink* other = nullptr, uint32_t capacity = 20'000,
               bool counts = true);

  ~Bed();

  Channel channel;
  TestHost host;
  Service service;
  TestConnector connector;
  Recorder main;
  Recorder handler;

  // Asks for a connection as the main thread does, and leaves it at that.
  ConnectionId ask(std::shared_ptr<const Endpoint> to = endpoint(), uint32_t group = 0,
                   bool owned = false);
  // One that is open.
  Connection& open(std::shared_ptr<const Endpoint> to = endpoint(), uint32_t group = 0);
  // One that came in, its request answered.
  Connection& accept(EventSink& sink, Kind kind = Kind::ws);

  Peer& peer(const Connection& connection) { return connector.peer(connection.id); }
  Events& events(const Connection& connection) { return main.of(connection.id); }

  // Lets the loop run until it is so; false: it never was.
  template <class Predicate>
  bool until(Predicate predicate, uint64_t milliseconds = 20'000) {
    const uint64_t end = monotonicNow() + milliseconds;
    while (!predicate()) {
      if (monotonicNow() > end) return false;
      host.turn(service, 1);
    }
    return true;
  }
  // Runs for as long as anything happens by itself.
  void settle(int quietTurns = 4);
  void run(uint64_t milliseconds);
  bool untilEvent(ConnectionId id, const std::string& event);
  bool untilGone(ConnectionId id);
  // Lets the loop run until the peer has seen the end of what we send.
  bool untilEnd(Peer& peer);
  // Lets the loop run until the peer was told that, by a frame of ours.
  bool untilHeard(Peer& peer, const std::string& event);

  // Commands as JavaScript writes them.
  void command(Command type, ConnectionId id, std::string_view payload = {}, uint32_t aux = 0,
               uint16_t flags = 0, Source source = Source::main);
  static Octets encode(Command type, ConnectionId id, std::string_view payload = {},
                       uint32_t aux = 0, uint16_t flags = 0);
};

inline const char kUpgrade[] =
    "GET /x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

}  // namespace lwspool::test

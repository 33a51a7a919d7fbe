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
inline std::string brief(const uint8_t* data, size_t size) {
  return size <= 200 ? toString(data, size) : std::to_string(size) + " bytes";
}

class Recorder : public Consumer {
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

  void opened(Connection& connection, const Fields& facts) override {
    facts_[keyOf(connection.id)] = facts;
    note(connection, "opened");
    if (onOpened) onOpened(connection);
  }
  void failed(Connection& connection, const ErrorInfo& error) override {
    facts_[keyOf(connection.id)] = error.fields;
    note(connection, "failed " + error.code);
  }
  void closed(Connection& connection, uint16_t code, std::string_view reason,
              const ErrorInfo& error) override {
    facts_[keyOf(connection.id)] = error.fields;
    std::string text = "closed " + std::to_string(code);
    if (!reason.empty()) text.append(" ").append(reason);
    if (error) text += " " + error.code;
    note(connection, text);
    if (onClosed) onClosed(connection);
  }
  void message(Connection& connection, ws::Opcode opcode, const uint8_t* data,
               size_t size) override {
    const std::string name = opcode == ws::Opcode::text ? "text " : "binary ";
    note(connection, name + brief(data, size));
    if (onMessage) onMessage(connection, {reinterpret_cast<const char*>(data), size});
  }
  void message(Connection& connection, ws::Opcode opcode, ws::Bytes&& data) override {
    const ws::Bytes own = std::move(data);
    message(connection, opcode, own.data(), own.size());
  }
  void ping(Connection& connection, const uint8_t* data, size_t size) override {
    note(connection, "ping " + brief(data, size));
  }
  void pong(Connection& connection, const uint8_t* data, size_t size) override {
    note(connection, "pong " + brief(data, size));
  }
  void data(Connection& connection, const uint8_t* data, size_t size) override {
    note(connection, "data " + brief(data, size));
    if (onMessage) onMessage(connection, {reinterpret_cast<const char*>(data), size});
  }
  void ended(Connection& connection) override { note(connection, "ended"); }
  void flushed(Connection& connection, uint32_t mark) override {
    note(connection, "flushed " + std::to_string(mark));
    if (onFlushed) onFlushed(connection, mark);
  }
  void leased(Connection& connection, uint32_t request, double tokenOrRefusal) override {
    note(connection, "leased " + std::to_string(request) + " " +
                         std::to_string(static_cast<int64_t>(tokenOrRefusal)));
    if (onLeased) onLeased(connection, static_cast<int64_t>(tokenOrRefusal));
  }
  void leaseExpired(Connection& connection, double token) override {
    note(connection, "leaseExpired " + std::to_string(static_cast<int64_t>(token)));
  }
  void warned(Connection& connection, const char* code, std::string_view) override {
    note(connection, std::string("warned ") + code);
  }
  void broadcast(uint32_t group, bool binary, const uint8_t* data, size_t size) override {
    broadcasts.push_back(std::to_string(group) + (binary ? " binary " : " text ") +
                         brief(data, size));
  }
  bool congested() override {
    asked++;
    return full;
  }

 private:
  void note(const Connection& connection, std::string what) {
    events_[keyOf(connection.id)].push_back(std::move(what));
  }

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
  void wake() override {
    const uint64_t one = 1;
    CHECK_EQ(write(wake_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }
  void setTimer(uint64_t deadline) override {
    if (timer_ == 0 || deadline < timer_) timer_ = deadline;
  }
  void deliver() override {
    if (onDeliver) onDeliver();
  }

  // One iteration of the loop, which waits for at most so long.
  void turn(Service& service, int wait) {
    turns++;
    if (timer_ != 0) {
      const uint64_t now = monotonicNow();
      wait = timer_ > now ? std::min(wait, static_cast<int>(timer_ - now)) : 0;
    }
    pollfd ready[] = {{wake_, POLLIN, 0}, {service.pollDescriptor(), POLLIN, 0}};
    ::poll(ready, 2, wait);
    if (timer_ != 0 && timer_ <= monotonicNow()) {
      timer_ = 0;
      service.timer();
    }
    if (ready[0].revents != 0) {
      uint64_t count;
      CHECK_EQ(read(wake_, &count, sizeof count), static_cast<ssize_t>(sizeof count));
      service.takeCommands();
    }
    if (ready[1].revents != 0) {
      polls++;
      service.poll();
    }
    service.finishTurn();
  }

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
class TestOpener final : public Opener {
 public:
  TestOpener(Service& service, TestHost& host) : service_(service), host_(host) {}
  ~TestOpener() {
    service_.forEach([](Connection& connection) { release(connection); });
  }
  TestOpener(const TestOpener&) = delete;
  TestOpener& operator=(const TestOpener&) = delete;

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
  Connection* arrive(std::shared_ptr<const Endpoint> endpoint, Consumer& consumer) {
    Connection* connection = service_.adopt(std::move(endpoint), consumer);
    if (connection != nullptr) {
      const auto [fd, ssl] = connect(*connection);
      service_.accepted(*connection, fd, ssl);
    }
    return connection;
  }

  void start(Connection& connection) override {
    log.push_back(connection.opening->address);
    mostInFlight = std::max(mostInFlight, ++inFlight);
    const Attempt attempt = plan ? plan(connection) : Attempt{};
    switch (attempt.end) {
      case Attempt::End::atOnce:
        return establish(connection, attempt.early);
      case Attempt::End::connected: {
        inFlight--;
        connection.opening->key = kKey;
        connection.opening->reached = Reached::tcp;
        const auto [fd, ssl] = connect(connection);
        return service_.connected(connection, fd, ssl, attempt.requested);
      }
      case Attempt::End::failsAtOnce:
        return over(connection, attempt);
      case Attempt::End::failsLater:
        later_.push_back([this, &connection, attempt] { over(connection, attempt); });
        return host_.wake();
      case Attempt::End::onDemand:
        if (attempt.tcpStands) connection.opening->reached = Reached::tcp;
        return;
    }
  }
  void abandon(Connection& connection) override {
    log.push_back("abandoned " + connection.opening->address);
    const bool connected = connection.fd >= 0;
    if (connected) release(connection);
    later_.push_back([this, &connection, connected] {
      if (!connected) inFlight--;
      service_.handshakes().attemptOver(connection);
    });
    host_.wake();
  }
  bool connected(const Connection& connection) const override {
    return connection.opening->reached != Reached::nothing;
  }
  void close(Connection& connection) override {
    CHECK(connection.phase == Phase::dying);
    later_.push_back([this, &connection] {
      release(connection);
      service_.destroyed(connection);
    });
    host_.wake();
  }
  void turn() override {
    std::vector<std::function<void()>> later;
    later.swap(later_);
    for (const auto& action : later) action();
  }

 private:
  static void release(Connection& connection) {
    if (connection.ssl != nullptr) SSL_free(connection.ssl);
    if (connection.fd >= 0) ::close(connection.fd);
  }
  std::pair<int, SSL*> connect(Connection& connection) {
    const SocketPair pair = sockets();
    const ws::Role peerRole =
        connection.endpoint->role == ws::Role::client ? ws::Role::server : ws::Role::client;
    auto peer = std::make_unique<Peer>(pair.theirs, peerRole);
    SSL* ssl = tls ? secure(pair.ours, *peer, connection.endpoint->role) : nullptr;
    peers_[keyOf(connection.id)] = std::move(peer);
    return {pair.ours, ssl};
  }
  void establish(Connection& connection, std::string_view early) {
    inFlight--;
    const auto [fd, ssl] = connect(connection);
    connection.opening->early = early;
    connection.opening->protocol = "chat";
    service_.established(connection, fd, ssl);
  }
  void over(Connection& connection, const Attempt& attempt) {
    inFlight--;
    connection.opening->error.code = "ERR_CONNECTION_REFUSED";
    connection.opening->error.fields.set("errno", attempt.errnoName);
    connection.opening->mayTryNext = attempt.mayTryNext;
    service_.handshakes().attemptOver(connection);
  }

  Service& service_;
  TestHost& host_;
  std::vector<std::function<void()>> later_;
  std::map<uint64_t, std::unique_ptr<Peer>> peers_;
};

inline std::shared_ptr<Endpoint> endpoint(Kind kind = Kind::ws, ws::Role role = ws::Role::client) {
  auto made = std::make_shared<Endpoint>();
  made->kind = kind;
  made->role = role;
  made->addresses = {"192.0.2.1"};
  made->closeTimeout = 60'000;  // longer than any test
  made->timeout = 60'000;
  made->maxPayload = 1 << 20;
  return made;
}

// A test that has a bed is run with each kind of poller that this kernel has.
inline PollerKind eachPoller() {
  PollerKind kind = PollerKind::epoll;
  std::string reason;
  static const bool both = Poller::make(PollerKind::uring, reason) != nullptr;
  SUBCASE("epoll") {}
  if (both) {
    SUBCASE("io_uring") { kind = PollerKind::uring; }
  }
  return kind;
}

// All of it together.
class Bed {
 public:
  explicit Bed(uint32_t window = 64, Consumer* other = nullptr, uint32_t capacity = 20'000,
               bool counts = true)
      : channel(capacity, counts),
        service(channel, host, window, eachPoller()),
        opener(service, host) {
    std::signal(SIGPIPE, SIG_IGN);  // as Node does
    service.use(opener, other != nullptr ? *other : owner, handler);
    channel.onWakeWorker([this] { host.wake(); });
  }

  Channel channel;
  TestHost host;
  Service service;
  TestOpener opener;
  Recorder owner;
  Recorder handler;

  // Asks for a connection as the main thread does, and leaves it at that.
  ConnectionId ask(std::shared_ptr<const Endpoint> to = endpoint(), uint32_t group = 0,
                   bool owned = false) {
    const auto id = channel.slots.allocate();
    REQUIRE(id);
    channel.push(ConnectCommand{*id, std::move(to), group, owned});
    return *id;
  }
  // One that is open.
  Connection& open(std::shared_ptr<const Endpoint> to = endpoint(), uint32_t group = 0) {
    const ConnectionId id = ask(std::move(to), group);
    REQUIRE(until([&] { return service.find(id) != nullptr && service.find(id)->wasOpen; }));
    return *service.find(id);
  }
  // One that came in, its request answered.
  Connection& accept(Consumer& consumer, Kind kind = Kind::ws);

  Peer& peer(const Connection& connection) { return opener.peer(connection.id); }
  Events& events(const Connection& connection) { return owner.of(connection.id); }

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
  void settle(int quietTurns = 4) {
    for (int quiet = 0; quiet < quietTurns; quiet++) host.turn(service, 0);
  }
  void run(uint64_t milliseconds) {
    const uint64_t end = monotonicNow() + milliseconds;
    while (monotonicNow() < end) host.turn(service, static_cast<int>(end - monotonicNow()));
  }
  bool untilEvent(ConnectionId id, const std::string& event) {
    const bool came = until([&] {
      const Events& events = owner.of(id);
      return std::find(events.begin(), events.end(), event) != events.end();
    });
    if (!came) {
      for (const std::string& other : owner.of(id)) MESSAGE(other);
    }
    return came;
  }
  bool untilGone(ConnectionId id) {
    return until([&] { return service.find(id) == nullptr; });
  }
  // Lets the loop run until the peer has seen the end of what we send.
  bool untilEnd(Peer& peer) {
    return until([&] {
      peer.pump();
      return peer.sawEnd;
    });
  }
  // Lets the loop run until the peer was told that, by a frame of ours.
  bool untilHeard(Peer& peer, const std::string& event) {
    const bool came = until([&] {
      peer.pump();
      return std::find(peer.events.begin(), peer.events.end(), event) != peer.events.end();
    });
    if (!came) {
      for (const std::string& other : peer.events) MESSAGE(other);
    }
    return came;
  }

  // Commands as JavaScript writes them.
  void command(Command type, ConnectionId id, std::string_view payload = {}, uint32_t aux = 0,
               uint16_t flags = 0, Source source = Source::owner) {
    const Octets record = encode(type, id, payload, aux, flags);
    service.apply(record.data(), record.size(), source);
  }
  static Octets encode(Command type, ConnectionId id, std::string_view payload = {},
                       uint32_t aux = 0, uint16_t flags = 0) {
    Octets bytes(recordSize(payload.size()));
    const Record record = {static_cast<uint32_t>(bytes.size()),
                           static_cast<uint16_t>(type),
                           flags,
                           id.slot,
                           id.generation,
                           static_cast<uint32_t>(payload.size()),
                           aux};
    std::memcpy(bytes.data(), &record, sizeof record);
    if (!payload.empty()) std::memcpy(bytes.data() + sizeof record, payload.data(), payload.size());
    return bytes;
  }
};

inline const char kUpgrade[] =
    "GET /x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

inline Connection& Bed::accept(Consumer& consumer, Kind kind) {
  Connection* connection = opener.arrive(endpoint(kind, ws::Role::server), consumer);
  REQUIRE(connection != nullptr);
  if (kind == Kind::ws) {
    Peer& client = peer(*connection);
    client.raw = true;
    client.write(kUpgrade);
    REQUIRE(until([&] {
      client.pump();
      return client.received.find("\r\n\r\n") != std::string::npos;
    }));
    const std::string rest = client.received.substr(client.received.find("\r\n\r\n") + 4);
    client.raw = false;
    client.decode(rest);
  }
  return *connection;
}

}  // namespace lwspool::test

#include "service_bed.h"

namespace lwspool::test {

std::string brief(const uint8_t* data, size_t size) {
  return size <= 200 ? toString(data, size) : std::to_string(size) + " bytes";
}

void Recorder::opened(Connection& connection, const Fields& facts) {
  facts_[keyOf(connection.id)] = facts;
  note(connection, "opened");
  if (onOpened) onOpened(connection);
}

void Recorder::failed(Connection& connection, const ErrorInfo& error) {
  facts_[keyOf(connection.id)] = error.fields;
  note(connection, "failed " + error.code);
}

void Recorder::closed(Connection& connection, uint16_t code, std::string_view reason,
                      const ErrorInfo& error) {
  facts_[keyOf(connection.id)] = error.fields;
  std::string text = "closed " + std::to_string(code);
  if (!reason.empty()) text.append(" ").append(reason);
  if (error) text += " " + error.code;
  note(connection, text);
  if (onClosed) onClosed(connection);
}

void Recorder::message(Connection& connection, ws::Opcode opcode, const uint8_t* data,
                       size_t size) {
  const std::string name = opcode == ws::Opcode::text ? "text " : "binary ";
  note(connection, name + brief(data, size));
  if (onMessage) onMessage(connection, {reinterpret_cast<const char*>(data), size});
}

void Recorder::message(Connection& connection, ws::Opcode opcode, ws::Bytes&& data) {
  const ws::Bytes own = std::move(data);
  message(connection, opcode, own.data(), own.size());
}

void Recorder::ping(Connection& connection, const uint8_t* data, size_t size) {
  note(connection, "ping " + brief(data, size));
}

void Recorder::pong(Connection& connection, const uint8_t* data, size_t size) {
  note(connection, "pong " + brief(data, size));
}

void Recorder::data(Connection& connection, const uint8_t* data, size_t size) {
  note(connection, "data " + brief(data, size));
  if (onMessage) onMessage(connection, {reinterpret_cast<const char*>(data), size});
}

void Recorder::flushed(Connection& connection, uint32_t mark) {
  note(connection, "flushed " + std::to_string(mark));
  if (onFlushed) onFlushed(connection, mark);
}

void Recorder::leased(Connection& connection, uint32_t request, double tokenOrRefusal) {
  note(connection, "leased " + std::to_string(request) + " " +
                       std::to_string(static_cast<int64_t>(tokenOrRefusal)));
  if (onLeased) onLeased(connection, static_cast<int64_t>(tokenOrRefusal));
}

void Recorder::leaseExpired(Connection& connection, double token) {
  note(connection, "leaseExpired " + std::to_string(static_cast<int64_t>(token)));
}

void Recorder::warned(Connection& connection, const char* code, std::string_view) {
  note(connection, std::string("warned ") + code);
}

void Recorder::broadcast(uint32_t group, uint16_t flags, const uint8_t* data, size_t size) {
  broadcasts.push_back(std::to_string(group) +
                       ((flags & flag::binary) != 0 ? " binary " : " text ") + brief(data, size));
}

bool Recorder::congested() {
  asked++;
  return full;
}

void Recorder::note(const Connection& connection, std::string what) {
  events_[keyOf(connection.id)].push_back(std::move(what));
}

void TestHost::wake() {
  const uint64_t one = 1;
  CHECK_EQ(write(wake_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
}

void TestHost::setTimer(uint64_t deadline) {
  if (timer_ == 0 || deadline < timer_) timer_ = deadline;
}

void TestHost::deliver() {
  if (onDeliver) onDeliver();
}

void TestHost::turn(Service& service, int wait) {
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

TestConnector::~TestConnector() {
  service_.forEach([](Connection& connection) { release(connection); });
}

Connection* TestConnector::arrive(std::shared_ptr<const Endpoint> endpoint, EventSink& sink) {
  Connection* connection = service_.adopt(std::move(endpoint), sink);
  if (connection != nullptr) {
    const auto [fd, ssl] = connect(*connection);
    service_.accepted(*connection, fd, ssl);
  }
  return connection;
}

void TestConnector::start(Connection& connection) {
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

void TestConnector::abandon(Connection& connection) {
  log.push_back("abandoned " + connection.opening->address);
  const bool connected = connection.fd() >= 0;
  if (connected) release(connection);
  later_.push_back([this, &connection, connected] {
    if (!connected) inFlight--;
    service_.handshakes().attemptOver(connection);
  });
  host_.wake();
}

bool TestConnector::connected(const Connection& connection) const {
  return connection.opening->reached != Reached::nothing;
}

void TestConnector::close(Connection& connection) {
  CHECK(connection.phase() == Phase::dying);
  later_.push_back([this, &connection] {
    release(connection);
    service_.destroyed(connection);
  });
  host_.wake();
}

void TestConnector::turn() {
  std::vector<std::function<void()>> later;
  later.swap(later_);
  for (const auto& action : later) action();
}

void TestConnector::release(Connection& connection) {
  if (connection.ssl() != nullptr) SSL_free(connection.ssl());
  if (connection.fd() >= 0) ::close(connection.fd());
}

std::pair<int, SSL*> TestConnector::connect(Connection& connection) {
  const SocketPair pair = sockets();
  const ws::Role peerRole =
      connection.endpoint()->role == ws::Role::client ? ws::Role::server : ws::Role::client;
  auto peer = std::make_unique<Peer>(pair.theirs, peerRole);
  SSL* ssl = tls ? secure(pair.ours, *peer, connection.endpoint()->role) : nullptr;
  peers_[keyOf(connection.id)] = std::move(peer);
  return {pair.ours, ssl};
}

void TestConnector::establish(Connection& connection, std::string_view early) {
  inFlight--;
  const auto [fd, ssl] = connect(connection);
  connection.opening->early = early;
  connection.opening->protocol = "chat";
  service_.established(connection, fd, ssl);
}

void TestConnector::over(Connection& connection, const Attempt& attempt) {
  inFlight--;
  connection.opening->error.code = "ERR_CONNECTION_REFUSED";
  connection.opening->error.fields.set("errno", attempt.errnoName);
  connection.opening->mayTryNext = attempt.mayTryNext;
  service_.handshakes().attemptOver(connection);
}

std::shared_ptr<Endpoint> endpoint(Kind kind, ws::Role role) {
  auto made = std::make_shared<Endpoint>();
  made->kind = kind;
  made->role = role;
  made->addresses = {"192.0.2.1"};
  made->closeTimeout = 60'000;  // longer than any test
  made->timeout = 60'000;
  made->maxPayload = 1 << 20;
  return made;
}

bool keepsBuffers(const Connection& connection) {
  return (SSL_get_mode(connection.ssl()) & SSL_MODE_RELEASE_BUFFERS) == 0;
}

PollerKind eachPoller() {
  PollerKind kind = PollerKind::epoll;
  std::string reason;
  static const bool both = makePoller(PollerKind::uring, reason) != nullptr;
  SUBCASE("epoll") {}
  if (both) {
    SUBCASE("io_uring") { kind = PollerKind::uring; }
  }
  return kind;
}

Bed::Bed(uint32_t window, EventSink* other, uint32_t capacity, bool counts)
    : channel(capacity, counts),
      service(channel, host, window, eachPoller()),
      connector(service, host) {
  std::signal(SIGPIPE, SIG_IGN);  // as Node does
  service.use(connector, other != nullptr ? *other : main, handler);
  channel.onWakeWorker([this] { host.wake(); });
}

Bed::~Bed() = default;

ConnectionId Bed::ask(std::shared_ptr<const Endpoint> to, uint32_t group, bool owned) {
  const auto id = channel.slots.allocate();
  REQUIRE(id);
  channel.push(ConnectCommand{*id, std::move(to), group, owned});
  return *id;
}

Connection& Bed::open(std::shared_ptr<const Endpoint> to, uint32_t group) {
  const ConnectionId id = ask(std::move(to), group);
  REQUIRE(until([&] { return service.find(id) != nullptr && service.find(id)->wasOpen(); }));
  return *service.find(id);
}

void Bed::settle(int quietTurns) {
  for (int quiet = 0; quiet < quietTurns; quiet++) host.turn(service, 0);
}

void Bed::run(uint64_t milliseconds) {
  const uint64_t end = monotonicNow() + milliseconds;
  while (monotonicNow() < end) host.turn(service, static_cast<int>(end - monotonicNow()));
}

bool Bed::untilEvent(ConnectionId id, const std::string& event) {
  const bool came = until([&] {
    const Events& events = main.of(id);
    return std::find(events.begin(), events.end(), event) != events.end();
  });
  if (!came) {
    for (const std::string& other : main.of(id)) MESSAGE(other);
  }
  return came;
}

bool Bed::untilGone(ConnectionId id) {
  return until([&] { return service.find(id) == nullptr; });
}

bool Bed::untilEnd(Peer& peer) {
  return until([&] {
    peer.pump();
    return peer.sawEnd;
  });
}

bool Bed::untilHeard(Peer& peer, const std::string& event) {
  const bool came = until([&] {
    peer.pump();
    return std::find(peer.events.begin(), peer.events.end(), event) != peer.events.end();
  });
  if (!came) {
    for (const std::string& other : peer.events) MESSAGE(other);
  }
  return came;
}

void Bed::command(Command type, ConnectionId id, std::string_view payload, uint32_t aux,
                  uint16_t flags, Source source) {
  const Octets record = encode(type, id, payload, aux, flags);
  service.apply(record.data(), record.size(), source);
}

Octets Bed::encode(Command type, ConnectionId id, std::string_view payload, uint32_t aux,
                   uint16_t flags) {
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

Connection& Bed::accept(EventSink& sink, Kind kind) {
  Connection* connection = connector.arrive(endpoint(kind, ws::Role::server), sink);
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

// Descriptors of connections that are being opened: until they stand, what the poller says of them
// is the connector's.
#include <csignal>
#include <functional>

#include "service_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// Has each attempt be a pair of sockets that is watched, and nothing more.
class Watching final : public Connector {
 public:
  explicit Watching(Service& service) : service_(service) {}
  ~Watching() override {
    for (const SocketPair& pair : pairs) {
      ::close(pair.ours);
      ::close(pair.theirs);
    }
  }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  std::vector<SocketPair> pairs;
  std::vector<Poller::Ready> served;
  size_t handedOver = 0;
  std::function<void(Connection&)> onServed;

  void start(Connection& connection) override {
    pairs.push_back(unixPair());
    CHECK_EQ(service_.watch(connection, pairs.back().ours), 0);
  }
  void abandon(Connection& connection) override { service_.handshakes().attemptOver(connection); }
  bool connected(const Connection&) const override { return false; }
  void established(Connection&) override { handedOver++; }
  void close(Connection& connection) override { service_.destroyed(connection); }
  void serve(Connection& connection, const Poller::Ready& ready) override {
    served.push_back(ready);
    if (onServed) onServed(connection);
  }

 private:
  Service& service_;
};

struct WatchingBed {
  WatchingBed() : channel(100, true), service(channel, host, 8, eachPoller()), connector(service) {
    std::signal(SIGPIPE, SIG_IGN);  // as Node does
    service.use(connector, main, main);
    channel.onWakeWorker([this] { host.wake(); });
  }
  ConnectionId ask(std::shared_ptr<const Endpoint> to) {
    const auto id = channel.slots.allocate();
    REQUIRE(id);
    channel.push(ConnectCommand{*id, std::move(to), 0, false});
    return *id;
  }
  void turns(int count = 4) {
    for (int i = 0; i < count; i++) host.turn(service, 0);
  }

  Channel channel;
  TestHost host;
  Service service;
  Watching connector;
  Recorder main;
};

}  // namespace

TEST_CASE("opening: what is ready is the connector's until it stands, and nothing is lost then") {
  WatchingBed bed;
  const ConnectionId id = bed.ask(endpoint(Kind::raw));
  bed.turns();
  REQUIRE_EQ(bed.connector.served.size(), 1);
  CHECK(bed.connector.served[0].writable);
  CHECK_FALSE(bed.connector.served[0].readable);
  REQUIRE_EQ(write(bed.connector.pairs[0].theirs, "early", 5), 5);
  bed.connector.onServed = [&](Connection& connection) {
    bed.service.connected(connection, connection.fd(), nullptr, false, true);
  };
  bed.turns();
  CHECK_EQ(bed.connector.served.size(), 2);
  CHECK_EQ(bed.connector.handedOver, 1);
  CHECK_EQ(bed.main.of(id), Events{"opened", "data early"});
  REQUIRE_EQ(write(bed.connector.pairs[0].theirs, "late", 4), 4);
  bed.turns();
  CHECK_EQ(bed.connector.served.size(), 2);
  CHECK_EQ(bed.main.of(id).back(), "data late");
}

TEST_CASE("opening: an attempt that is given up is not told of, closed before or after") {
  bool closed = false;
  SUBCASE("after") {}
  SUBCASE("before") { closed = true; }
  WatchingBed bed;
  const ConnectionId id = bed.ask(endpoint(Kind::raw));
  bed.turns();
  REQUIRE_EQ(bed.connector.served.size(), 1);
  SocketPair& pair = bed.connector.pairs[0];
  if (closed) ::close(pair.ours);
  bed.service.disconnect(*bed.service.find(id), closed);
  if (closed) pair.ours = dup(pair.theirs);  // the bed closes it
  CHECK_EQ(write(pair.theirs, "x", 1), closed ? -1 : 1);
  bed.turns();
  CHECK_EQ(bed.connector.served.size(), 1);
}

TEST_CASE("opening: what was seen of one attempt is not taken for the next one's") {
  WatchingBed bed;
  const auto to = endpoint(Kind::raw);
  to->addresses = {"192.0.2.1", "192.0.2.2"};
  const ConnectionId ids[] = {bed.ask(to), bed.ask(to)};
  bed.turns();
  REQUIRE_EQ(bed.connector.served.size(), 2);
  for (const SocketPair& pair : bed.connector.pairs) REQUIRE_EQ(write(pair.theirs, "x", 1), 1);
  // Whichever comes first ends the other's attempt and begins the next, under the same name.
  bed.connector.onServed = [&](Connection& connection) {
    bed.connector.onServed = nullptr;
    Connection& other = *bed.service.find(connection.id == ids[0] ? ids[1] : ids[0]);
    bed.service.disconnect(other);
    other.opening->mayTryNext = true;
    bed.service.handshakes().attemptOver(other);
    bed.service.handshakes().pump();
    REQUIRE_EQ(bed.connector.pairs.size(), 3);
  };
  bed.service.poll();
  CHECK_EQ(bed.connector.served.size(), 3);
  bed.turns();
  REQUIRE_EQ(bed.connector.served.size(), 4);
  CHECK_FALSE(bed.connector.served[3].readable);
}

TEST_CASE(
    "opening: a descriptor that the poller refuses is an error, with the call that refused it") {
  Bed bed;
  bed.connector.sockets = [] {
    SocketPair pair = unixPair();
    ::close(std::exchange(pair.ours, -1));
    return pair;
  };
  const ConnectionId raw = bed.ask(endpoint(Kind::raw));
  CHECK(bed.untilEvent(raw, "closed 1006 ERR_CONNECTION_LOST"));
  bed.connector.plan = [](const Connection&) { return Attempt{Attempt::End::connected}; };
  const ConnectionId upgrading = bed.ask();
  CHECK(bed.untilEvent(upgrading, "failed ERR_SOCKET"));
  for (const ConnectionId id : {raw, upgrading}) {
    CHECK_EQ(bed.main.factsOf(id).get("syscall"), bed.service.pollCall());
    CHECK_EQ(bed.main.factsOf(id).get("errno"), "EBADF");
  }
}

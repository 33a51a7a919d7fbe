// The way from "connect" to "open": the queue, the window, the addresses, the time it may take.
#include "../../native/core/net/handshakes.h"

#include "service_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

std::shared_ptr<Endpoint> withAddresses(std::vector<std::string> addresses) {
  auto made = endpoint();
  made->addresses = std::move(addresses);
  return made;
}

Attempt onDemand(bool tcpStands = false) {
  return {.end = Attempt::End::onDemand, .tcpStands = tcpStands};
}

}  // namespace

TEST_CASE("handshakes: no more at once than the window has room for, in the order asked for") {
  Bed bed(3);
  bed.connector.plan = [](const Connection&) { return onDemand(); };
  std::vector<ConnectionId> ids;
  for (int i = 0; i < 8; i++) {
    ids.push_back(bed.ask(withAddresses({"192.0.2." + std::to_string(i)})));
  }
  bed.settle();
  CHECK_EQ(bed.connector.log, Events{"192.0.2.0", "192.0.2.1", "192.0.2.2"});
  bed.connector.succeed(*bed.service.find(ids[1]));
  bed.settle();
  CHECK_EQ(bed.connector.log.back(), "192.0.2.3");
  bed.connector.fail(*bed.service.find(ids[0]), {});
  bed.settle();
  CHECK_EQ(bed.connector.log.back(), "192.0.2.4");
  for (size_t i = 2; i < ids.size(); i++) {
    bed.connector.succeed(*bed.service.find(ids[i]));
    bed.settle();
  }
  CHECK_EQ(bed.connector.log.size(), 8);
  CHECK_EQ(bed.connector.mostInFlight, 3);
  CHECK_EQ(bed.main.of(ids[0]), Events{"failed ERR_CONNECTION_REFUSED"});
  for (size_t i = 1; i < ids.size(); i++) CHECK_EQ(bed.main.of(ids[i]), Events{"opened"});
}

TEST_CASE("handshakes: thousands asked for at once pass through a window of one") {
  for (const auto end :
       {Attempt::End::atOnce, Attempt::End::failsAtOnce, Attempt::End::failsLater}) {
    Bed bed(1);
    bed.connector.plan = [end](const Connection&) { return Attempt{.end = end}; };
    std::vector<ConnectionId> ids;
    for (int i = 0; i < 300; i++) ids.push_back(bed.ask());
    CHECK(bed.until([&] { return bed.connector.log.size() == ids.size(); }));
    bed.settle();
    CHECK_EQ(bed.connector.mostInFlight, 1);
    for (const ConnectionId id : ids) CHECK_EQ(bed.main.of(id).size(), 1);
  }
}

TEST_CASE("handshakes: every address is tried, one after the other, until one connects") {
  Bed bed;
  const auto to = withAddresses({"192.0.2.1", "2001:db8::2", "192.0.2.3", "192.0.2.4"});
  bed.connector.plan = [](const Connection& connection) {
    const std::string& address = connection.opening->address;
    if (address == "192.0.2.1") return Attempt{.end = Attempt::End::failsAtOnce};
    if (address == "2001:db8::2") return Attempt{.end = Attempt::End::failsLater};
    return Attempt{};
  };
  bed.open(to);
  CHECK_EQ(bed.connector.log, Events{"192.0.2.1", "2001:db8::2", "192.0.2.3"});
}

TEST_CASE("handshakes: where all addresses fail, the error tells of each") {
  Bed bed;
  bed.connector.plan = [](const Connection& connection) {
    const bool first = connection.opening->address == "192.0.2.1";
    return Attempt{.end = Attempt::End::failsLater,
                   .errnoName = first ? "EHOSTUNREACH" : "ECONNREFUSED"};
  };
  const ConnectionId id = bed.ask(withAddresses({"192.0.2.1", "192.0.2.2"}));
  CHECK(bed.untilEvent(id, "failed ERR_CONNECTION_REFUSED"));
  CHECK_EQ(bed.main.factsOf(id).get("attempts"),
           "192.0.2.1 ERR_CONNECTION_REFUSED EHOSTUNREACH \n"
           "192.0.2.2 ERR_CONNECTION_REFUSED ECONNREFUSED \n");
  CHECK_EQ(bed.main.factsOf(id).get("address"), "192.0.2.2");
}

// The connector tells of them in the middle of start(): an attempt that began the next one would
// call itself, once for each address.
TEST_CASE("handshakes: a hundred thousand addresses that fail at once take many turns") {
  constexpr size_t kAddresses = 100'000;
  Bed bed;
  bed.connector.plan = [](const Connection&) { return Attempt{.end = Attempt::End::failsAtOnce}; };
  const ConnectionId id = bed.ask(withAddresses(Events(kAddresses, "192.0.2.1")));
  size_t before = 0;
  size_t most = 0;
  CHECK(bed.until([&] {
    most = std::max(most, bed.connector.log.size() - before);
    before = bed.connector.log.size();
    return !bed.main.of(id).empty();
  }));
  CHECK_EQ(bed.connector.log.size(), kAddresses);
  // A turn of the bed's may come to three of the service's, of which each looks twice.
  CHECK_LE(most, 3 * 2 * Handshakes::kAtOnce);
  CHECK_EQ(bed.main.of(id), Events{"failed ERR_CONNECTION_REFUSED"});
}

TEST_CASE("handshakes: thousands that fail at once do so over many turns") {
  constexpr size_t kConnections = 5'000;
  Bed bed(10'000);
  bed.connector.plan = [](const Connection&) { return Attempt{.end = Attempt::End::failsAtOnce}; };
  for (size_t i = 0; i < kConnections; i++) bed.ask();
  size_t before = 0;
  size_t most = 0;
  CHECK(bed.until([&] {
    most = std::max(most, bed.connector.log.size() - before);
    before = bed.connector.log.size();
    return before == kConnections;
  }));
  CHECK_LE(most, 3 * 2 * Handshakes::kAtOnce);
}

TEST_CASE("handshakes: the time for the whole is looked at between two addresses") {
  constexpr uint64_t kTime = 20;
  Bed bed;
  bed.connector.plan = [](const Connection&) {
    const uint64_t begun = monotonicNow();
    while (monotonicNow() == begun) {
    }
    return Attempt{.end = Attempt::End::failsAtOnce};
  };
  auto to = withAddresses(Events(1'000, "192.0.2.1"));
  to->timeout = kTime;
  const ConnectionId id = bed.ask(to);
  CHECK(bed.untilEvent(id, "failed ERR_HANDSHAKE_TIMEOUT"));
  CHECK_LE(bed.connector.log.size(), kTime + 1);  // each took a millisecond, or the rest of one
}

TEST_CASE("handshakes: given up while the next address waits for its turn") {
  Bed bed(1);
  bed.connector.plan = [](const Connection&) { return onDemand(); };
  const ConnectionId id = bed.ask(withAddresses({"192.0.2.1", "192.0.2.2"}));
  bed.settle();
  bed.connector.fail(*bed.service.find(id), {});
  bed.command(Command::terminate, id);
  CHECK_EQ(bed.main.of(id), Events{"failed ERR_ABORTED"});
  const ConnectionId next = bed.ask(withAddresses({"192.0.2.9"}));
  bed.settle();
  CHECK_EQ(bed.connector.log, Events{"192.0.2.1", "192.0.2.9"});
  bed.connector.succeed(*bed.service.find(next));
}

TEST_CASE("handshakes: addresses that were left out are told of") {
  Bed bed;
  bed.connector.plan = [](const Connection&) { return Attempt{.end = Attempt::End::failsAtOnce}; };
  auto to = withAddresses({"192.0.2.1", "192.0.2.2"});
  to->leftOut = 7;
  const ConnectionId id = bed.ask(to);
  CHECK(bed.untilEvent(id, "failed ERR_CONNECTION_REFUSED"));
  CHECK_EQ(bed.main.factsOf(id).get("addressesLeftOut"), "7");
}

TEST_CASE("handshakes: a server that was reached and refused is not passed over for another") {
  Bed bed;
  bed.connector.plan = [](const Connection&) {
    return Attempt{.end = Attempt::End::failsLater, .mayTryNext = false};
  };
  const ConnectionId id = bed.ask(withAddresses({"192.0.2.1", "192.0.2.2"}));
  CHECK(bed.untilEvent(id, "failed ERR_CONNECTION_REFUSED"));
  CHECK_EQ(bed.connector.log, Events{"192.0.2.1"});
}

TEST_CASE("handshakes: an address that says nothing makes way for the next one") {
  Bed bed;
  bed.connector.plan = [](const Connection& connection) {
    return connection.opening->address == "192.0.2.1" ? onDemand() : Attempt{};
  };
  const uint64_t begun = monotonicNow();
  bed.open(withAddresses({"192.0.2.1", "192.0.2.2"}));
  CHECK_GE(monotonicNow() - begun, Handshakes::kAttemptTimeout);
  CHECK_EQ(bed.connector.log, Events{"192.0.2.1", "abandoned 192.0.2.1", "192.0.2.2"});
}

TEST_CASE("handshakes: an address has its whole time, however long the loop has stood still") {
  Bed bed;
  bed.connector.plan = [](const Connection&) { return onDemand(); };
  const ConnectionId id = bed.ask(withAddresses({"192.0.2.1", "192.0.2.2", "192.0.2.3"}));
  bed.settle();
  const uint64_t still = monotonicNow();
  while (monotonicNow() < still + 5) {
  }
  const uint64_t begun = monotonicNow();
  bed.connector.fail(*bed.service.find(id), {});
  bed.settle();
  CHECK_EQ(bed.connector.log.back(), "192.0.2.2");
  CHECK_GE(bed.service.find(id)->opening->attemptDeadline, begun + Handshakes::kAttemptTimeout);
}

TEST_CASE("handshakes: where TCP stands, only the time of the whole counts") {
  Bed bed;
  bed.connector.plan = [](const Connection&) { return onDemand(true); };
  auto to = withAddresses({"192.0.2.1", "192.0.2.2"});
  to->timeout = 400;
  const ConnectionId id = bed.ask(to);
  bed.run(Handshakes::kAttemptTimeout + 50);
  CHECK(bed.main.of(id).empty());
  CHECK(bed.untilEvent(id, "failed ERR_HANDSHAKE_TIMEOUT"));
  CHECK_EQ(bed.main.factsOf(id).get("timeout"), "400");
  CHECK_EQ(bed.connector.log, Events{"192.0.2.1", "abandoned 192.0.2.1"});
}

TEST_CASE("handshakes: time counts from the place in the window, not in the queue") {
  Bed bed(1);
  bed.connector.plan = [](const Connection&) { return onDemand(); };
  auto to = endpoint();
  to->timeout = 100;
  const ConnectionId first = bed.ask(to);
  const ConnectionId second = bed.ask(to);
  CHECK(bed.untilEvent(first, "failed ERR_HANDSHAKE_TIMEOUT"));
  CHECK(bed.main.of(second).empty());
  bed.settle();
  CHECK(bed.main.of(second).empty());
  CHECK(bed.untilEvent(second, "failed ERR_HANDSHAKE_TIMEOUT"));
}

TEST_CASE("handshakes: given up in the queue, it is never begun") {
  Bed bed(1);
  bed.connector.plan = [](const Connection&) { return onDemand(); };
  const ConnectionId first = bed.ask();
  const ConnectionId second = bed.ask(withAddresses({"192.0.2.2"}));
  const ConnectionId third = bed.ask(withAddresses({"192.0.2.3"}));
  bed.settle();
  bed.command(Command::terminate, second);
  bed.command(Command::close, second);
  CHECK_EQ(bed.main.of(second), Events{"failed ERR_ABORTED"});
  CHECK_EQ(bed.service.find(second), nullptr);
  bed.connector.succeed(*bed.service.find(first));
  bed.settle();
  CHECK_EQ(bed.connector.log, Events{"192.0.2.1", "192.0.2.3"});
  CHECK_EQ(bed.connector.mostInFlight, 1);
  bed.connector.succeed(*bed.service.find(third));
  bed.settle();
}

TEST_CASE(
    "handshakes: given up under way, it is over when the connector has let go, and only once") {
  Bed bed(1);
  bed.connector.plan = [](const Connection&) { return onDemand(); };
  const ConnectionId id = bed.ask(withAddresses({"192.0.2.1", "192.0.2.2"}));
  const ConnectionId next = bed.ask(withAddresses({"192.0.2.9"}));
  bed.settle();
  bed.command(Command::terminate, id);
  bed.command(Command::terminate, id);
  bed.command(Command::close, id, "", 1000);
  CHECK(bed.main.of(id).empty());
  bed.settle();
  CHECK_EQ(bed.main.of(id), Events{"failed ERR_ABORTED"});
  CHECK_EQ(bed.connector.log, Events{"192.0.2.1", "abandoned 192.0.2.1", "192.0.2.9"});
  bed.connector.succeed(*bed.service.find(next));
}

TEST_CASE(
    "handshakes: given up between two addresses, the connector is told once, and no next begins") {
  Bed bed(1);
  bed.connector.plan = [](const Connection&) { return onDemand(); };
  const ConnectionId id = bed.ask(withAddresses({"192.0.2.1", "192.0.2.2"}));
  bed.settle();
  // As the timer does it, but with the connector's answer still to come.
  Connection& connection = *bed.service.find(id);
  bed.service.handshakes().expired(connection, connection.opening->attemptDeadline);
  bed.command(Command::terminate, id);
  bed.settle();
  CHECK_EQ(bed.main.of(id), Events{"failed ERR_ABORTED"});
  CHECK_EQ(bed.connector.log, Events{"192.0.2.1", "abandoned 192.0.2.1"});
  // The window has its place back, no more and no less.
  const ConnectionId second = bed.ask();
  const ConnectionId third = bed.ask();
  bed.settle();
  CHECK_EQ(bed.connector.log.size(), 3);
  bed.command(Command::terminate, second);
  bed.command(Command::terminate, third);
  bed.settle();
}

TEST_CASE("handshakes: local addresses are taken in turn, of the family of the address") {
  Bed bed;
  bed.connector.plan = [](const Connection&) { return onDemand(); };
  auto to = withAddresses({"192.0.2.1"});
  to->localAddresses = {"127.0.0.2", "::1", "127.0.0.3"};
  Events taken;
  for (int i = 0; i < 6; i++) {
    const ConnectionId id = bed.ask(to);
    bed.settle();
    taken.push_back(bed.service.find(id)->opening->localAddress);
  }
  CHECK_EQ(std::count(taken.begin(), taken.end(), "::1"), 0);
  CHECK_EQ(std::count(taken.begin(), taken.end(), "127.0.0.2"), 2);
  CHECK_EQ(std::count(taken.begin(), taken.end(), "127.0.0.3"), 4);

  const auto v6 = withAddresses({"2001:db8::1", "192.0.2.1"});
  v6->localAddresses = {"127.0.0.2"};
  bed.connector.log.clear();
  const ConnectionId second = bed.ask(v6);
  bed.settle();
  CHECK_EQ(bed.connector.log, Events{"192.0.2.1"});  // there is nothing to reach the first one from
  bed.connector.fail(*bed.service.find(second), {});
  CHECK_EQ(bed.main.factsOf(second).get("attempts"),
           "2001:db8::1 ERR_LOCAL_ADDRESS  \n192.0.2.1 ERR_CONNECTION_REFUSED ECONNREFUSED \n");

  const auto none = withAddresses({"2001:db8::1"});
  none->localAddresses = {"127.0.0.2"};
  CHECK(bed.untilEvent(bed.ask(none), "failed ERR_LOCAL_ADDRESS"));
}

TEST_CASE("handshakes: bytes that came with the answer are the first to be read") {
  Bed bed;
  const Octets early = wire(Role::client, Frame{0x81, "first"}) + octets("\x81\x06sec");
  const std::string bytes = toString(early.data(), early.size());
  bed.connector.plan = [&](const Connection&) { return Attempt{.early = bytes.c_str()}; };
  Connection& connection = bed.open();
  bed.peer(connection).write("ond");
  CHECK(bed.untilEvent(connection.id, "text second"));
  CHECK_EQ(bed.events(connection), Events{"opened", "text first", "text second"});
}

TEST_CASE("handshakes: connections that come in and fail take no place and free none") {
  Bed bed(1);
  Recorder sink;
  bed.connector.plan = [](const Connection&) { return onDemand(); };
  for (int i = 0; i < 2; i++) {
    Connection* incoming = bed.service.adopt(endpoint(Kind::ws, Role::server), sink);
    REQUIRE(incoming != nullptr);
    const ConnectionId id = incoming->id;
    incoming->opening->error.code = "ERR_TLS";  // its handshake failed
    bed.service.handshakes().attemptOver(*incoming);
    CHECK_EQ(sink.of(id), Events{"failed ERR_TLS"});
    bed.channel.slots.release(id);
  }
  for (int i = 0; i < 3; i++) bed.ask();
  bed.settle();
  CHECK_EQ(bed.connector.log.size(), 1);
  CHECK_EQ(bed.connector.mostInFlight, 1);
}

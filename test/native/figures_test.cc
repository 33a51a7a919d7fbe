#include "../../native/core/stats/figures.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "../../native/core/channel/slot_table.h"
#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("figures: none where nothing is counted") {
  SlotTable slots(1, false);
  slots.allocate();
  CHECK_EQ(slots.figures(0), nullptr);
  CHECK_EQ(Channel(1, false).figures(), nullptr);
}

TEST_CASE("figures: a slot's begin at zero with each connection") {
  SlotTable slots(1);
  const ConnectionId id = slots.allocate().value();
  const auto segment = slots.figures(0);
  REQUIRE(segment != nullptr);
  set(segment->rows[0].generation, 7);
  set(segment->rows[0].leases[1].holdMax, 8);
  slots.release(id);
  slots.allocate();
  CHECK_EQ(get(segment->rows[0].generation), 0);
  CHECK_EQ(get(segment->rows[0].leases[1].holdMax), 0);
}

TEST_CASE("figures: a connection is counted from the queue to its end") {
  Bed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  ConnectionFigures& figures = *connection.figures();
  CHECK_EQ(get(figures.generation), id.generation);
  CHECK_EQ(get(figures.state), static_cast<double>(Phase::open));
  CHECK_EQ(get(figures.attempts), 1);
  CHECK_LE(get(figures.queued), get(figures.begun));
  CHECK_LE(get(figures.begun), get(figures.opened));

  bed.command(Command::send, id, "hello", 0, flag::binary);
  CHECK_EQ(get(figures.queuedBytesMax), 6 + 5);
  REQUIRE(bed.until([&] { return get(figures.bytesSent) == 6 + 5; }));
  CHECK_EQ(get(figures.messagesSent), 1);
  CHECK_EQ(get(figures.queuedBytes), 0);
  CHECK_EQ(get(bed.channel.figures()->messagesSent), 1);
  CHECK_GT(get(bed.channel.figures()->turns), 0);
  CHECK_EQ(get(bed.channel.figures()->turnBegan), 0);

  bed.command(Command::terminate, id);
  REQUIRE(bed.untilGone(id));
  CHECK_EQ(get(figures.state), 0);
  CHECK_EQ(get(figures.bytesSent), 6 + 5);
}

TEST_CASE("figures: a pong measures the ping whose payload it bears, and ends those before it") {
  Bed bed;
  Connection& connection = bed.open();
  ConnectionFigures& figures = *connection.figures();
  for (const char* payload : {"a", "b", "c"}) bed.command(Command::ping, connection.id, payload);
  Peer& peer = bed.peer(connection);
  double pongs = 0;
  const auto pong = [&](const std::string& payload) {
    peer.frame({0x8A, payload});
    pongs++;
    REQUIRE(bed.until([&] { return get(figures.pongsReceived) == pongs; }));
    return get(figures.roundTrips);
  };
  CHECK_EQ(pong("unasked"), 0);
  CHECK_EQ(pong("b"), 1);
  CHECK_EQ(pong("a"), 1);
  CHECK_EQ(pong("c"), 2);
  CHECK_EQ(connection.pings, nullptr);
  CHECK_GT(get(figures.roundTripMin), 0);
  CHECK_LE(get(figures.roundTripMin), get(figures.roundTripMax));
}

TEST_CASE("figures: pings that nobody answers are not kept without end") {
  Bed bed;
  Connection& connection = bed.open();
  for (int i = 0; i < 100; i++) bed.command(Command::ping, connection.id, std::to_string(i));
  CHECK_EQ(connection.pings->size(), 16);
}

TEST_CASE("figures: nothing is counted, and all goes on") {
  Bed bed(64, nullptr, 20'000, false);
  Connection& connection = bed.open();
  CHECK_EQ(connection.figures(), nullptr);
  bed.command(Command::send, connection.id, "hello", 0, flag::binary);
  bed.command(Command::ping, connection.id, "a");
  Peer& peer = bed.peer(connection);
  CHECK(bed.untilHeard(peer, "binary hello"));
}

TEST_CASE("figures: durations go where their limits say") {
  Durations durations{};
  for (const double time : {0.0, 0.1, 0.11, 1.0, 30'000.0, 30'001.0}) durations.note(time);
  CHECK_EQ(get(durations.buckets[0]), 2);
  CHECK_EQ(get(durations.buckets[1]), 1);
  CHECK_EQ(get(durations.buckets[3]), 1);
  CHECK_EQ(get(durations.buckets[16]), 1);
  CHECK_EQ(get(durations.buckets[17]), 1);
  CHECK_EQ(get(durations.total), doctest::Approx(60'002.21));
}

TEST_CASE("figures: codes of peers are of few kinds") {
  CHECK_EQ(closeKind(1000), 0);
  CHECK_EQ(closeKind(1006), 6);
  CHECK_EQ(closeKind(1015), 15);
  CHECK_EQ(closeKind(3000), 16);
  CHECK_EQ(closeKind(3999), 16);
  CHECK_EQ(closeKind(4000), 17);
  CHECK_EQ(closeKind(4999), 17);
  for (const uint16_t code : {0, 999, 1016, 2999, 5000, 65'535}) CHECK_EQ(closeKind(code), 18);
}

TEST_CASE("figures: a worker counts each opening, its phases and each end once") {
  Bed bed;
  const WorkerFigures& figures = *bed.channel.figures();
  const auto count = [](const Durations& durations) {
    double sum = 0;
    for (const Figure& bucket : durations.buckets) sum += get(bucket);
    return sum;
  };
  const ConnectionId id = bed.open().id;
  CHECK_EQ(get(figures.opened), 1);
  CHECK_EQ(count(figures.tls), 0);
  CHECK_EQ(get(figures.closed[closeKind(1006)]), 0);
  bed.command(Command::terminate, id);
  REQUIRE(bed.untilGone(id));
  CHECK_EQ(get(figures.closed[closeKind(1006)]), 1);

  Connection& other = bed.open();
  bed.command(Command::ping, other.id, "a");
  bed.peer(other).frame({0x8A, "a"});
  REQUIRE(bed.until([&] { return get(other.figures()->pongsReceived) == 1; }));
  CHECK_EQ(count(figures.roundTrip), 1);
  CHECK_EQ(get(figures.roundTrip.total), get(other.figures()->roundTripTotal));
  CHECK_EQ(get(figures.opened), 2);
}

TEST_CASE("figures: read by one thread while another writes them") {
  Channel channel(1);
  WorkerFigures& figures = *channel.figures();
  std::thread worker([&] {
    for (int i = 0; i < 100'000; i++) add(figures.turns, 1);
  });
  double last = 0;
  while (last < 100'000) {
    const double now = get(figures.turns);
    CHECK_GE(now, last);
    last = now;
  }
  worker.join();
}

TEST_CASE("figures: TCP_INFO is sampled, but of what is leased exclusively") {
  TcpLeaseBed bed;
  Connection& free = bed.open();
  Connection& leased = bed.open();
  const Held lease = bed.hold(leased.id);
  CHECK_EQ(bed.service.sampleTcp(0, 1, true), 1);  // the first of two
  CHECK_EQ(bed.service.sampleTcp(1, 8, true), 0);
  const auto segment = bed.channel.slots.tcp(0);
  REQUIRE(segment != nullptr);
  const TcpFigures& seen = segment->rows[free.id.slot];
  CHECK_EQ(get(seen.generation), free.id.generation);
  CHECK_EQ(get(seen.state), 1);  // TCP_ESTABLISHED
  CHECK_GT(get(seen.rto), 0);
  CHECK_GT(get(seen.sampled), 0);
  CHECK_EQ(get(segment->rows[leased.id.slot].generation), 0);
  CHECK_EQ(bed.release(lease), Why::none);
}

TEST_CASE("figures: nothing is sampled where nothing is counted") {
  Bed bed(64, nullptr, 20'000, false);
  bed.open();
  CHECK_EQ(bed.service.sampleTcp(0, 8, false), 0);
  CHECK_EQ(bed.channel.slots.tcp(0), nullptr);
}

// Whoever is slow holds up nobody else, nothing grows, and nothing is looked at over and over.
#include "../../native/core/net/log_sink.h"
#include "service_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// So many times at most may the poller have something while nothing happens.
size_t pollsIn(Bed& bed, uint64_t milliseconds) {
  const size_t before = bed.host.polls;
  bed.run(milliseconds);
  return bed.host.polls - before;
}

}  // namespace

TEST_CASE("backpressure: a paused connection is not read until it is resumed") {
  Bed bed;
  Connection& connection = bed.open();
  Peer& peer = bed.peer(connection);
  bed.command(Command::pause, connection.id);
  bed.command(Command::pause, connection.id);
  peer.text("1");
  CHECK_LE(pollsIn(bed, 50), 1);
  CHECK_EQ(bed.events(connection), Events{"opened"});
  bed.command(Command::send, connection.id, "still out");
  CHECK(bed.untilHeard(peer, "text still out"));
  bed.command(Command::resume, connection.id);
  bed.command(Command::resume, connection.id);
  CHECK(bed.untilEvent(connection.id, "text 1"));
}

TEST_CASE("backpressure: paused before it is open, it stays so") {
  Bed bed;
  bed.connector.plan = [](const Connection&) { return Attempt{.end = Attempt::End::onDemand}; };
  const ConnectionId id = bed.ask();
  bed.settle();
  bed.command(Command::pause, id);
  bed.connector.succeed(*bed.service.find(id));
  bed.connector.peer(id).text("1");
  bed.settle();
  CHECK_EQ(bed.main.of(id), Events{"opened"});
  bed.command(Command::resume, id);
  CHECK(bed.untilEvent(id, "text 1"));
}

TEST_CASE("backpressure: a peer that breaks while nobody reads does not make the loop spin") {
  for (const bool tcp : {false, true}) {
    Bed bed;
    if (tcp) bed.connector.sockets = [] { return tcpPair(); };
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    bed.command(Command::pause, id);
    bed.peer(connection).text("kept");
    bed.settle();
    if (tcp) {
      bed.peer(connection).reset();
    } else {
      bed.peer(connection).end();
    }
    CHECK_LE(pollsIn(bed, 50), 2);
    bed.command(Command::resume, id);
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"opened", "text kept", "closed 1006 ERR_CONNECTION_LOST"});
  }
}

TEST_CASE("backpressure: a stalled connection whose peer broke is read once there is room") {
  Bed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  bed.main.full = true;
  bed.peer(connection).text("kept");
  bed.settle();
  CHECK(connection.input.stalled());
  bed.peer(connection).end();
  CHECK_LE(pollsIn(bed, 50), 2);
  bed.service.resumeStalled();  // there is none yet
  CHECK(connection.input.stalled());
  CHECK_LE(pollsIn(bed, 50), 2);
  bed.main.full = false;
  bed.service.resumeStalled();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "text kept", "closed 1006 ERR_CONNECTION_LOST"});
}

TEST_CASE("backpressure: paused and stalled at once, it takes both to go on") {
  Bed bed;
  Connection& connection = bed.open();
  bed.main.full = true;
  bed.peer(connection).text("1");
  bed.settle();
  bed.command(Command::pause, connection.id);
  bed.main.full = false;
  bed.service.resumeStalled();
  bed.settle();
  CHECK_EQ(bed.events(connection).size(), 1);
  bed.command(Command::resume, connection.id);
  CHECK(bed.untilEvent(connection.id, "text 1"));
}

TEST_CASE("backpressure: a consumer that is full stalls its own connections only") {
  Bed bed;
  Connection& slow = bed.open();
  Connection& fast = bed.open(endpoint(), 1);
  bed.main.full = true;
  bed.peer(slow).text("1");
  bed.peer(fast).text("2");
  CHECK(bed.until([&] { return bed.handler.of(fast.id).size() == 2; }));
  CHECK_EQ(bed.events(slow), Events{"opened"});
  bed.main.full = false;
  bed.channel.wakeWorker();  // as the main thread does
  CHECK(bed.untilEvent(slow.id, "text 1"));
}

TEST_CASE("backpressure: a log that is full stops the reading, and starts it when it is read") {
  Bed bed(64, nullptr);
  EventLog& log = bed.channel.events;
  LogSink sink(log);
  bed.service.use(bed.connector, sink, bed.handler);
  bed.channel.onWakeMain([] {});
  const auto to = endpoint();
  std::vector<ConnectionId> ids;
  for (int i = 0; i < 3; i++) ids.push_back(bed.ask(to));
  REQUIRE(bed.until([&] {
    return std::all_of(ids.begin(), ids.end(), [&](ConnectionId id) {
      return bed.service.find(id) != nullptr && bed.service.find(id)->wasOpen();
    });
  }));
  // More than the log takes; the rest waits in the kernel and with the peers.
  constexpr size_t kSize = 50'000;
  constexpr size_t kCount = 200;
  for (const ConnectionId id : ids) {
    for (size_t i = 0; i < kCount; i++) bed.connector.peer(id).text(std::string(kSize, 'x'));
  }
  const auto pumpAll = [&] {
    for (const ConnectionId id : ids) bed.connector.peer(id).pump();
  };
  const auto allStalled = [&] {
    pumpAll();
    return std::all_of(ids.begin(), ids.end(),
                       [&](ConnectionId id) { return bed.service.find(id)->input.stalled(); });
  };
  size_t messages = 0;
  size_t stalls = 0;
  bool room = false;
  for (int round = 0; round < 1000 && messages < kCount * ids.size(); round++) {
    const auto allWritten = [&] {
      return std::all_of(ids.begin(), ids.end(),
                         [&](ConnectionId id) { return bed.connector.peer(id).unwritten() == 0; });
    };
    CHECK(bed.until([&] { return allStalled() || allWritten(); }));
    if (allStalled()) {
      stalls++;
      bed.settle();
      CHECK_LE(pollsIn(bed, 5), 1);
    }
    // The main thread: reads all there is, then says so where it is awaited.
    for (const auto& range : log.take()) {
      for (size_t at = range.begin; at < range.end;) {
        Record record;
        std::memcpy(&record, range.slab->data() + at, sizeof record);
        if (record.type == static_cast<uint16_t>(Event::message)) messages++;
        if ((record.flags & flag::external) != 0)
          room |= log.consumed(log.takeExternal().size(), 0);
        at += record.size;
      }
      room |= log.consumed(range.bytes, range.records);
    }
    if (room) bed.channel.wakeWorker();
    room = false;
    bed.host.turn(bed.service, 1);
  }
  CHECK_EQ(messages, kCount * ids.size());
  CHECK_GE(stalls, 2);
}

TEST_CASE("backpressure: both sides full, nothing spins, and each direction goes on by itself") {
  for (const bool tls : {false, true}) {
    Bed bed;
    bed.connector.tls = tls;
    bed.connector.sockets = [] { return tcpPair(32 * 1024); };
    auto to = endpoint();
    to->maxPayload = 16 << 20;
    Connection& connection = bed.open(to);
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    const std::string much(1 << 20, 'o');

    // It sends without reading, and we do too.
    peer.reads = false;
    bed.command(Command::pause, id);
    for (int i = 0; i < 3; i++) bed.command(Command::send, id, much);
    for (int i = 0; i < 3; i++) peer.text(std::string(1 << 20, 'i'));
    bed.settle(20);
    CHECK_LE(pollsIn(bed, 50), 2);
    REQUIRE_GT(connection.output.queue.size(), 0);
    REQUIRE_GT(peer.unwritten(), 0);

    // We read: what it sends arrives, though ours stays where it is.
    bed.command(Command::resume, id);
    CHECK(bed.until([&] {
      peer.pump();
      return bed.main.of(id).size() == 4;
    }));
    CHECK_GT(connection.output.queue.size(), 0);
    CHECK_LE(pollsIn(bed, 50), 2);

    // It reads, and sends nothing.
    peer.reads = true;
    CHECK(bed.until([&] {
      peer.pump();
      return peer.events.size() == 3;
    }));
    CHECK(connection.output.queue.empty());
    CHECK_LE(pollsIn(bed, 50), 2);
  }
}

TEST_CASE("backpressure: an echo of whatever comes ends with all of it back, at small buffers") {
  Bed bed;
  bed.connector.sockets = [] { return tcpPair(16 * 1024); };
  Connection& connection = bed.open();
  bed.main.onMessage = [&](Connection& from, std::string_view text) {
    bed.service.send(from, Opcode::text, reinterpret_cast<const uint8_t*>(text.data()),
                     text.size());
  };
  Peer& peer = bed.peer(connection);
  const size_t count = 300;
  for (size_t i = 0; i < count; i++) peer.text(std::to_string(i) + std::string(20'000, ' '));
  CHECK(bed.until([&] {
    peer.pump();
    return peer.events.size() == count;
  }));
}

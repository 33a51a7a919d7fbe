#include "../../native/core/target/target.h"

#include "../../native/core/ws/spare_memory.h"
#include "service_bed.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("target: echo sends everything back as it came") {
  Bed bed;
  Target target(bed.service, TargetMode::echo, 0);
  Connection& connection = bed.accept(target);
  Peer& client = bed.peer(connection);
  client.text("one");
  client.frame({0x02, "tw"});
  client.frame({0x80, "o"});
  CHECK(bed.untilHeard(client, "binary two"));
  CHECK_EQ(client.events, Events{"text one", "binary two"});
  CHECK_EQ(target.counts().opened, 1);
  CHECK_EQ(target.counts().messages, 2);
  CHECK_EQ(target.counts().bytes, 6);
}

TEST_CASE("target: echo of raw bytes, to the last one") {
  Bed bed;
  Target target(bed.service, TargetMode::echo, 0);
  Connection& connection = bed.accept(target, Kind::raw);
  const ConnectionId id = connection.id;
  Peer& client = bed.peer(connection);
  client.raw = true;
  client.write("some bytes");
  client.halfClose();
  CHECK(bed.untilEnd(client));
  CHECK_EQ(client.received, "some bytes");
  CHECK(bed.untilGone(id));
  CHECK_EQ(target.counts().closed, 1);
}

TEST_CASE("target: echo reads no more of a client that does not read, and goes on when it does") {
  Bed bed;
  Target target(bed.service, TargetMode::echo, 0);
  Connection& connection = bed.accept(target);
  Peer& client = bed.peer(connection);
  client.reads = false;
  constexpr size_t kCount = 200;
  for (size_t i = 0; i < kCount; i++) client.text(std::string(50'000, 'x'));
  CHECK(bed.until([&] {
    client.pump();
    return connection.input.paused();
  }));
  bed.settle();
  CHECK_LE(connection.output.queue.size(), 2 << 20);
  client.reads = true;
  CHECK(bed.until([&] {
    client.pump();
    return client.events.size() == kCount;
  }));
  CHECK_FALSE(connection.input.paused());
}

TEST_CASE("target: sink says nothing, close closes at the first message") {
  Bed bed;
  Target sink(bed.service, TargetMode::sink, 0);
  Connection& sunk = bed.accept(sink);
  bed.peer(sunk).text("x");
  bed.settle();
  bed.peer(sunk).pump();
  CHECK(bed.peer(sunk).events.empty());
  CHECK_EQ(sink.counts().messages, 1);

  Target closing(bed.service, TargetMode::close, 0);
  Connection& closed = bed.accept(closing);
  bed.peer(closed).text("x");
  bed.peer(closed).text("y");
  CHECK(bed.untilHeard(bed.peer(closed), "close 1000"));
  CHECK_EQ(closing.counts().closed, 0);
}

TEST_CASE("target: the memory of a large message is kept for the next one") {
  Bed bed;
  Target sink(bed.service, TargetMode::sink, 0);
  Connection& connection = bed.accept(sink);
  ws::SpareMemory::ofProcess().clear();
  const std::string large(400'000, 'x');  // more than is read at once
  for (uint64_t count = 1; count <= 3; count++) {
    bed.peer(connection).text(large);
    CHECK(bed.until([&] {
      bed.peer(connection).pump();
      return sink.counts().messages == count;
    }));
    const size_t kept = ws::SpareMemory::ofProcess().kept();
    CHECK_GE(kept, large.size());
    CHECK_LT(kept, 2 * large.size());
  }
}

TEST_CASE("target: flood sends without end, in turns, and no further ahead than is useful") {
  for (const Kind kind : {Kind::ws, Kind::raw}) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{1000}, size_t{300'000}}) {
      Bed bed;
      Target target(bed.service, TargetMode::flood, size);
      Connection& connection = bed.accept(target, kind);
      Peer& client = bed.peer(connection);
      size_t bytes = 0;
      client.onMessage = [&](Opcode, std::string_view text) { bytes += text.size(); };
      client.raw = kind == Kind::raw;
      const size_t wanted = size < 10 ? 20'000 : 3'000'000;
      CHECK(bed.until([&] {
        client.pump();
        bytes += client.received.size();
        client.received.clear();
        return bytes >= wanted;
      }));
      CHECK_LE(connection.output.queue.size(), 1 << 20);
      const ConnectionId id = connection.id;
      client.end();
      CHECK(bed.untilGone(id));
      CHECK_EQ(target.counts().closed, 1);
    }
  }
}

TEST_CASE("target: who never gets as far as its upgrade is counted neither in nor out") {
  Bed bed(64, nullptr, 1);
  Target target(bed.service, TargetMode::echo, 0);
  for (int i = 0; i < 3; i++) {  // and gives its slot back
    Connection* connection = bed.connector.arrive(endpoint(Kind::ws, Role::server), target);
    REQUIRE(connection != nullptr);
    const ConnectionId id = connection->id;
    bed.connector.peer(id).raw = true;
    bed.connector.peer(id).write("NONSENSE\r\n\r\n");
    bed.settle();
    bed.connector.peer(id).end();
    CHECK(bed.untilGone(id));
  }
  CHECK_EQ(target.counts().opened, 0);
  CHECK_EQ(target.counts().closed, 0);
}

// What an exclusive lease has to begin behind: each side counts the commands that write, and the
// worker says by one number in the ledger how many of them are written.
#include <thread>

#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

uint32_t written(const Connection& connection, Source side) {
  return connection.ledger()->written[static_cast<size_t>(side)].load(std::memory_order_acquire);
}

}  // namespace

TEST_CASE("order: every command that writes counts, however little it writes") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  bed.command(Command::send, id, "");
  CHECK_EQ(written(connection, Source::main), 0);
  bed.command(Command::ping, id, "");
  bed.command(Command::ping, id, "h", 0, 0, Source::handler);
  bed.settle();
  CHECK_EQ(written(connection, Source::main), 2);
  CHECK_EQ(written(connection, Source::handler), 1);
  for (const Command other : {Command::pause, Command::resume, Command::mark}) {
    bed.command(other, id);
  }
  bed.settle();
  CHECK_EQ(written(connection, Source::main), 2);
  // What is refused has been dealt with as well.
  bed.command(Command::end, id);
  bed.command(Command::ping, id, std::string(126, 'x'));
  bed.settle();
  CHECK_EQ(written(connection, Source::main), 4);
}

TEST_CASE("order: nothing counts as written before all that lies in front of it is") {
  TcpLeaseBed bed(false, 16 * 1024);
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.reads = false;
  bed.command(Command::send, id, std::string(8 << 20, 'o'));
  bed.command(Command::ping, id, "p", 0, 0, Source::handler);
  bed.settle();
  REQUIRE_GT(connection.output.queue.size(), 0);
  CHECK_EQ(written(connection, Source::main), 0);
  CHECK_EQ(written(connection, Source::handler), 0);
  peer.reads = true;
  CHECK(bed.untilHeard(peer, "ping p"));
  bed.settle();
  CHECK_EQ(written(connection, Source::main), 1);
  CHECK_EQ(written(connection, Source::handler), 1);
}

TEST_CASE("order: the end of a raw connection counts once its FIN is out") {
  TcpLeaseBed bed;
  Connection& connection = bed.open(endpoint(Kind::raw));
  bed.command(Command::send, connection.id, "");
  bed.command(Command::end, connection.id);
  CHECK_EQ(written(connection, Source::main), 0);
  bed.settle();
  CHECK(connection.ending.finSent());
  CHECK_EQ(written(connection, Source::main), 2);
}

TEST_CASE("order: what a lease has made void counts as dealt with") {
  TcpLeaseBed bed;
  Connection& connection = bed.open(endpoint(Kind::raw));
  const Held held = bed.hold(connection.id);
  bed.command(Command::send, connection.id, "too late");
  CHECK(bed.mainLeases.shutdownSocket(held, SHUT_WR));
  CHECK_EQ(bed.release(held), Why::none);
  bed.settle();
  CHECK_EQ(written(connection, Source::main), 1);
}

// With the sanitizer for threads: the number alone has to bring what the lease looks at.
TEST_CASE("order: another thread that reads the number finds everything written") {
  TcpLeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  std::atomic<bool> over{false};
  size_t leases = 0;
  std::thread main([&] {
    for (uint32_t handed = 1; handed <= 300; handed++) {
      const Octets record =
          Bed::encode(handed % 2 == 0 ? Command::ping : Command::send, id, std::to_string(handed));
      bed.channel.push(LargeCommand{*reinterpret_cast<const Record*>(record.data()), [&] {
                                      ws::Bytes payload;
                                      const std::string text = std::to_string(handed);
                                      REQUIRE(payload.reallocate(text.size()));
                                      std::memcpy(payload.data(), text.data(), text.size());
                                      payload.grow(text.size());
                                      return payload;
                                    }()});
      while (written(connection, Source::main) != handed) std::this_thread::yield();
      const int64_t token = bed.take(id);
      if (token <= 0) continue;
      const LeaseName name{id, static_cast<uint64_t>(token)};
      const Octets marker = LeaseBed::toPeer({0x82, "lease " + std::to_string(handed)});
      IoResult result{IoResult::Status::again};
      CHECK(bed.mainLeases.writeSocket(name, marker.data(), marker.size(), result));
      CHECK_EQ(result.bytes, marker.size());
      bed.mainLeases.release(name, -1);
      leases++;
    }
    over = true;
    bed.host.wake();
  });
  while (!over) bed.host.turn(bed.service, 1);
  main.join();
  CHECK_GT(leases, 0);
  Peer& peer = bed.peer(connection);
  CHECK(bed.untilHeard(peer, "ping 300"));
  bed.settle();
  peer.pump();
  // Each lease's message comes right behind what was asked for before it.
  for (size_t i = 0; i < peer.events.size(); i++) {
    const std::string& event = peer.events[i];
    if (!event.starts_with("binary lease ")) continue;
    const std::string number = event.substr(13);
    REQUIRE_GT(i, 0);
    CHECK(peer.events[i - 1].ends_with(" " + number));
  }
}

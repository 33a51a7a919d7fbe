// BIOs on connections that the worker serves.
#include <atomic>
#include <thread>

#include "../../native/core/bio/coalesce.h"
#include "../../native/core/bio/counter.h"
#include "../../native/core/bio/fault.h"
#include "../../native/core/bio/memory.h"
#include "../../native/core/bio/recorder.h"
#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

struct BioBed : TcpLeaseBed {
  explicit BioBed(int bufferSize = 0) : TcpLeaseBed(true, bufferSize) {}

  // Under a lease, as users do it.
  void push(ConnectionId id, std::shared_ptr<bio::Layer> layer) {
    const Held held = hold(id);
    bio::Refused refused = nullptr;
    REQUIRE(mainLeases.pushBio(held, std::move(layer), refused));
    REQUIRE(refused == nullptr);
    release(held);
  }
  size_t warnings(ConnectionId id) {
    const Events& events = main.of(id);
    return static_cast<size_t>(std::count_if(events.begin(), events.end(), [](const auto& event) {
      return event.starts_with("warned ");
    }));
  }
};

}  // namespace

TEST_CASE("bio service: what is gathered leaves in one write, and is not said to be sent before") {
  BioBed bed(16 * 1024);
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  CHECK(bed.alive(connection));
  const auto counter = std::make_shared<bio::Counter>();
  bed.push(id, counter);
  bed.push(id, std::make_shared<bio::Coalesce>(256 * 1024));
  bed.command(Command::send, id, std::string(60'000, 's'), 0, flag::binary);
  bed.settle();
  // Four records, in as many calls as the kernel made of them.
  CHECK_LE(counter->writes().calls, 2);
  CHECK(bed.untilHeard(bed.peer(connection), "binary 60000 bytes"));
  // More than the kernel takes: it waits in the BIO, and counts as unsent.
  Peer& peer = bed.peer(connection);
  peer.reads = false;
  for (int i = 0; i < 40; i++) {
    bed.command(Command::send, id, std::string(50'000, 'w'), 0, flag::binary);
    bed.settle(1);
  }
  bed.command(Command::mark, id, {}, 7);
  bed.settle();
  CHECK_GT(connection.ledger()->pending.load(), 0);
  CHECK_EQ(bed.take(id), kBusy);
  const Events& events = bed.main.of(id);
  CHECK(std::find(events.begin(), events.end(), "flushed 7") == events.end());
  peer.reads = true;
  CHECK(bed.until([&] {
    peer.pump();
    return std::find(events.begin(), events.end(), "flushed 7") != events.end();
  }));
  CHECK(bed.alive(connection));
  CHECK_EQ(connection.ledger()->pending.load(), 0);
}

TEST_CASE("bio service: a large message leaves at once where BIOs only look on") {
  BioBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  CHECK(bed.alive(connection));
  const auto counter = std::make_shared<bio::Counter>();
  const auto recorder = std::make_shared<bio::Recorder>(16);
  bed.push(id, counter);
  bed.push(id, recorder);
  const std::string large(60'000, 'l');
  const auto send = [&] {
    bed.service.send(connection, ws::Opcode::binary, reinterpret_cast<const uint8_t*>(large.data()),
                     large.size());
  };
  send();
  CHECK_GT(counter->writes().bytes, large.size());
  CHECK_EQ(recorder->total(), 4);
  CHECK(bed.untilHeard(bed.peer(connection), "binary 60000 bytes"));
  // One that gathers has its turn at the end of the worker's.
  bed.push(id, std::make_shared<bio::Coalesce>(256 * 1024));
  const uint64_t before = counter->writes().bytes;
  send();
  CHECK_EQ(counter->writes().bytes, before);
  CHECK(bed.until([&] { return counter->writes().bytes > before + large.size(); }));
  CHECK(bed.alive(connection));
}

TEST_CASE("bio service: a BIO that only retries makes no busy loop, and is told of once") {
  BioBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  CHECK(bed.alive(connection));
  bio::FaultOptions options;
  options.retries = 1;
  bed.push(id, std::make_shared<bio::Fault>(options, 0));
  bed.peer(connection).text("hello");
  bed.command(Command::send, id, "hello");
  const size_t before = bed.host.polls;
  CHECK(bed.until([&] { return bed.warnings(id) > 0; }));
  bed.run(300);
  CHECK_LT(bed.host.polls - before, 60);
  CHECK_EQ(bed.warnings(id), 1);
  CHECK_EQ(bed.main.of(id).back(), "warned BIO_RETRIES");
  // It ends like any other.
  bed.command(Command::terminate, id);
  CHECK(bed.untilGone(id));
}

TEST_CASE("bio service: once a BIO lets pass, all that waited comes") {
  BioBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  CHECK(bed.alive(connection));
  bio::FaultOptions options;
  options.seed = seed();
  options.retries = 0.5;  // each in a row waits for twice as long as the one before
  options.shortReads = options.shortWrites = 0.5;
  bed.push(id, std::make_shared<bio::Fault>(options, 0));
  for (int i = 0; i < 20; i++) CHECK(bed.alive(connection));
}

TEST_CASE("bio service: a failure of a BIO is the connection's error") {
  BioBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  CHECK(bed.alive(connection));
  bio::FaultOptions options;
  options.resetAfter = 100;
  bed.push(id, std::make_shared<bio::Fault>(options, 0));
  bio::Chain::of(connection.ssl())->fault.code = "ERR_BIO";
  bed.command(Command::send, id, std::string(500, 'x'));
  bed.command(Command::send, id, std::string(500, 'x'));
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id).back(), "closed 1006 ERR_BIO");
}

TEST_CASE("bio service: a memory BIO that is left taints, with a lease that did nothing else") {
  BioBed bed;
  Connection& connection = bed.open();
  CHECK(bed.alive(connection));
  const ConnectionId id = connection.id;
  bed.push(id, std::make_shared<bio::Memory>(1000));
  CHECK_EQ(bed.taint(id), "a memory BIO was left in the place of the socket");
}

TEST_CASE("bio service: figures are read by another thread while the worker moves bytes") {
  BioBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  CHECK(bed.alive(connection));
  bed.push(id, std::make_shared<bio::Counter>());
  bed.push(id, std::make_shared<bio::Recorder>(64));
  std::atomic<bool> done{false};
  uint64_t looks = 0;
  uint64_t seen = 0;
  std::thread other([&] {
    Leases leases(std::shared_ptr<Channel>(std::shared_ptr<void>(), &bed.channel), Source::main);
    while (!done) {
      const int64_t token = leases.take(id, false, false, 0);
      if (token <= 0) continue;
      const LeaseName name{id, static_cast<uint64_t>(token)};
      const auto outcome = leases.withBios(name, [&](const bio::Chain* chain) {
        const auto copy = chain->layers()[0]->copy();
        const uint64_t bytes = static_cast<const bio::Counter&>(*copy).writes().bytes;
        if (bytes >= seen) looks++;
        seen = bytes;
        chain->layers()[1]->copy();
      });
      if (!outcome) break;
      leases.release(name, -1);
    }
  });
  for (int i = 0; i < 200; i++) CHECK(bed.alive(connection));
  done = true;
  other.join();
  CHECK_GT(looks, 0);
}

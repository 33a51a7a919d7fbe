// How much may wait for a consumer that does not read: backpressure.h.
#include "../../native/core/net/unread.h"
#include "service_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// What it is given waits until the test takes it.
class Reader final : public Recorder {
 public:
  Progress at;
  bool awaited = false;

  void message(Connection& connection, ws::Opcode opcode, const uint8_t* data,
               size_t size) override {
    at.given += size;
    Recorder::message(connection, opcode, data, size);
  }
  using Recorder::message;
  Progress progress() const override { return at; }
  bool awaitTaken(uint64_t bytes) override { return awaited |= at.taken < bytes; }
};

constexpr size_t kMark = 64 * 1024;
constexpr size_t kMessage = 1000;

std::shared_ptr<Endpoint> bounded(size_t mark = kMark) {
  auto to = endpoint();
  to->highWaterMark = mark;
  to->closeTimeout = 60'000;
  return to;
}

// Its peer has more to say than fits anywhere.
struct Flooded {
  Bed bed;
  Reader reader;
  Connection* connection = nullptr;

  explicit Flooded(std::shared_ptr<Endpoint> to = bounded(), size_t messages = 4000) : bed() {
    bed.service.use(bed.connector, reader, bed.handler);
    const ConnectionId id = bed.ask(std::move(to));
    REQUIRE(bed.until([&] { return bed.service.find(id) && bed.service.find(id)->wasOpen(); }));
    connection = bed.service.find(id);
    for (size_t i = 0; i < messages; i++) bed.peer(*connection).text(std::string(kMessage, 'x'));
  }
  size_t given() { return reader.at.given; }
  void pump() {
    for (int quiet = 0; quiet < 20; quiet++) {
      bed.peer(*connection).pump();
      bed.settle();
    }
  }
  void hold(size_t bytes) { connection->ledger()->held = static_cast<uint32_t>(bytes / kHeldUnit); }
};

}  // namespace

TEST_CASE("unread: a bound comes down to what was given behind the last look") {
  Unread unread;
  unread.gave(100);
  CHECK_EQ(unread.bound(), 100);
  CHECK_EQ(unread.look({0, 500}), 100);  // nothing is taken: all of it lies before 500
  CHECK_EQ(unread.mark(), 500);
  unread.gave(30);
  CHECK_EQ(unread.look({499, 600}), 130);
  CHECK_EQ(unread.look({500, 600}), 30);
  CHECK_EQ(unread.mark(), 600);
  CHECK_EQ(unread.look({600, 600}), 0);
  CHECK_EQ(unread.look({}), 0);
}

TEST_CASE("unread: a consumer that takes nothing gets its mark and one read") {
  for (const size_t mark : {size_t{0}, size_t{1024}, kMark}) {
    Flooded flooded(bounded(mark));
    flooded.pump();
    CHECK(flooded.connection->input.stalled());
    CHECK(flooded.reader.awaited);
    CHECK_GT(flooded.given(), mark);
    CHECK_LE(flooded.given(), mark + std::max(mark, size_t{16 * 1024}) + kMessage);
    // It goes on with what is taken, as far as that goes.
    const size_t before = flooded.given();
    flooded.reader.at.taken = before;
    flooded.bed.channel.wakeWorker();
    flooded.pump();
    CHECK_GT(flooded.given(), before);
    CHECK_LE(flooded.given() - before, mark + std::max(mark, size_t{16 * 1024}) + kMessage);
  }
}

TEST_CASE("unread: what JavaScript holds counts, until it says that it is less") {
  Flooded flooded;
  flooded.hold(kMark * 2);
  flooded.reader.at.taken = UINT64_MAX;
  flooded.pump();
  CHECK(flooded.connection->input.stalled());
  CHECK_FALSE(flooded.connection->input.listed());
  const size_t before = flooded.given();
  flooded.bed.channel.wakeWorker();
  flooded.pump();
  CHECK_EQ(flooded.given(), before);
  flooded.hold(kMark / 2);
  flooded.bed.command(Command::taken, flooded.connection->id);
  flooded.pump();
  CHECK_FALSE(flooded.connection->input.stalled());
  CHECK_GT(flooded.given(), before);
}

TEST_CASE("unread: while closing, what nobody takes is thrown away, and the answer is seen") {
  for (const bool paused : {false, true}) {
    Flooded flooded;
    const ConnectionId id = flooded.connection->id;
    flooded.reader.at.taken = UINT64_MAX;
    flooded.hold(kMark * 2);
    if (paused) flooded.bed.command(Command::pause, id);
    flooded.pump();
    const size_t before = flooded.given();
    const ConnectionFigures& figures = *flooded.connection->figures();
    Peer& peer = flooded.bed.peer(*flooded.connection);
    flooded.bed.command(Command::close, id, "", 1000);
    CHECK(flooded.bed.untilHeard(peer, "close 1000"));
    peer.frame({0x88, closing(1000)});
    CHECK(flooded.bed.until([&] {
      peer.pump();
      return flooded.bed.service.find(id) == nullptr || flooded.connection->ending.received();
    }));
    CHECK_EQ(flooded.given(), before);
    CHECK_GT(get(figures.messagesDiscarded), 0);
    CHECK_EQ(get(figures.messagesDiscarded) * kMessage + static_cast<double>(before), 4e6);
  }
}

TEST_CASE("unread: what is held only once it is closing does not keep it from its end") {
  Flooded flooded;
  const ConnectionId id = flooded.connection->id;
  Peer& peer = flooded.bed.peer(*flooded.connection);
  flooded.bed.command(Command::pause, id);
  flooded.bed.command(Command::close, id, "", 1000);
  peer.frame({0x88, closing(1000)});
  flooded.pump();
  CHECK(flooded.connection->input.stalled());
  flooded.hold(flooded.given());
  flooded.reader.at.taken = flooded.given();
  flooded.bed.channel.wakeWorker();
  CHECK(flooded.bed.until([&] {
    peer.pump();
    return flooded.bed.service.find(id) == nullptr || flooded.connection->ending.received();
  }));
}

TEST_CASE("unread: while closing, a consumer that is only late is waited for") {
  Flooded flooded;
  const ConnectionId id = flooded.connection->id;
  Peer& peer = flooded.bed.peer(*flooded.connection);
  flooded.pump();
  CHECK(flooded.connection->input.stalled());
  flooded.bed.command(Command::close, id, "", 1000);
  peer.frame({0x88, closing(1000)});
  const ConnectionFigures& figures = *flooded.connection->figures();
  CHECK(flooded.bed.until([&] {
    peer.pump();
    flooded.reader.at.taken = flooded.given();
    flooded.bed.channel.wakeWorker();
    return flooded.bed.service.find(id) == nullptr || flooded.connection->ending.received();
  }));
  CHECK_EQ(flooded.given(), 4'000'000);
  CHECK_EQ(get(figures.messagesDiscarded), 0);
}

TEST_CASE("unread: a ceiling counts what is held and what lies in the log") {
  Channel crowded(64, true, 10);
  CHECK_FALSE(crowded.crowded());
  crowded.held = 10;
  CHECK_FALSE(crowded.crowded());
  crowded.held = 11;
  CHECK(crowded.crowded());
  crowded.held = 0;
  crowded.events.append(Event::ping, 0, {}, 10 * kHeldUnit, 0);
  CHECK_FALSE(crowded.crowded());
  crowded.events.append(Event::ping, 0, {}, kHeldUnit, 0);
  CHECK(crowded.crowded());
}

TEST_CASE("close: messages that come to be sent too late are counted") {
  Bed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  bed.command(Command::close, id, "", 1000);
  bed.command(Command::send, id, "late");
  const ConnectionFigures& figures = *connection.figures();
  CHECK_EQ(get(figures.messagesUnsent), 1);
  bed.command(Command::terminate, id);
  CHECK(bed.untilGone(id));
  bed.command(Command::send, id, "later");
  CHECK_EQ(get(figures.messagesUnsent), 2);
  CHECK_EQ(get(bed.channel.figures()->messagesUnsent), 2);
}

TEST_CASE("close: the time runs from when the kernel has the close frame, and while it goes on") {
  Bed bed;
  bed.connector.sockets = [] { return tcpPair(16 * 1024); };
  auto to = endpoint();
  to->closeTimeout = 300;
  Connection& connection = bed.open(to);
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.reads = false;
  const std::string much(1 << 20, 'o');
  for (int i = 0; i < 8; i++) bed.command(Command::send, id, much);
  bed.command(Command::close, id, "", 1000);
  const uint64_t began = monotonicNow();
  // A little in each of many such times: the peer reads for a moment, then not.
  while (monotonicNow() < began + 1500) {
    peer.reads = true;
    for (int i = 0; i < 4; i++) {
      peer.pump();
      bed.host.turn(bed.service, 0);
    }
    peer.reads = false;
    bed.run(20);
    REQUIRE(bed.service.find(id) != nullptr);
    if (connection.ending.info().left) break;
  }
  peer.reads = true;
  CHECK(bed.untilHeard(peer, "close 1000"));
  // From here on it says nothing.
  const uint64_t heard = monotonicNow();
  CHECK(bed.untilGone(id));
  CHECK_GE(monotonicNow() - heard, 250);
  CHECK_EQ(bed.events(connection).back(), "closed 1006 ERR_CLOSE_TIMEOUT");
}

TEST_CASE("close: where nothing gets through it is over, and says how much did not") {
  Bed bed;
  auto to = endpoint();
  to->closeTimeout = 100;
  Connection& connection = bed.open(to);
  const ConnectionId id = connection.id;
  bed.peer(connection).reads = false;
  for (int i = 0; i < 8; i++) bed.command(Command::send, id, std::string(1 << 20, 'o'));
  bed.command(Command::close, id, "", 1000);
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id).back(), "closed 1006 ERR_CLOSE_TIMEOUT");
  CHECK_GT(std::stoul(std::string(bed.main.factsOf(id).get("unsent"))), 1 << 20);
}

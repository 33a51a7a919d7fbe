// Messages, commands and names, over sockets.
#include "../../native/core/net/service.h"

#include "../../native/core/ws/spare_memory.h"
#include "service_bed.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("service: messages go both ways, and the opening is told with its facts") {
  Bed bed;
  bed.connector.sockets = [] { return tcpPair(); };
  Connection& connection = bed.open();
  Peer& peer = bed.peer(connection);
  CHECK_EQ(bed.main.factsOf(connection.id).get("protocol"), "chat");
  CHECK_EQ(bed.main.factsOf(connection.id).get("remoteAddress"), "127.0.0.1");

  bed.command(Command::send, connection.id, "hello");
  bed.command(Command::send, connection.id, std::string(100'000, 'x'), 0, flag::binary);
  bed.command(Command::send, connection.id, "");
  CHECK(bed.untilHeard(peer, "text "));
  CHECK_EQ(peer.events, Events{"text hello", "binary 100000 bytes", "text "});

  peer.text("hi");
  peer.frame({0x02, "a"});
  peer.frame({0x89, "p"});
  peer.frame({0x80, "b"});
  peer.frame({0x8A, "q"});
  CHECK(bed.untilEvent(connection.id, "pong q"));
  CHECK_EQ(bed.events(connection), Events{"opened", "text hi", "ping p", "binary ab", "pong q"});
  CHECK(bed.untilHeard(peer, "pong p"));
}

TEST_CASE("service: what is sent in one turn leaves in one write") {
  Bed bed;
  bed.connector.sockets = [] {
    int ends[2];
    REQUIRE_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
    return SocketPair{ends[0], ends[1]};
  };
  Connection& connection = bed.open();
  for (int i = 0; i < 10; i++) bed.command(Command::send, connection.id, "0123456789");
  bed.settle();
  char buffer[1000];
  CHECK_EQ(recv(bed.peer(connection).fd(), buffer, sizeof buffer, 0), 10 * (2 + 4 + 10));
  CHECK_EQ(recv(bed.peer(connection).fd(), buffer, sizeof buffer, 0), -1);
}

TEST_CASE("service: what comes on many connections at once is answered some of them at a time") {
  Bed bed;
  constexpr size_t kMany = 200;
  std::vector<ConnectionId> ids;
  while (ids.size() < kMany) ids.push_back(bed.open().id);
  size_t came = 0;
  size_t unanswered = 0;
  size_t most = 0;
  bed.main.onMessage = [&](Connection& connection, std::string_view) {
    came++;
    unanswered++;
    bed.command(Command::send, connection.id, "answer");
  };
  bed.host.onDeliver = [&] {
    most = std::max(most, unanswered);
    unanswered = 0;
  };
  for (const ConnectionId id : ids) bed.connector.peer(id).text("question");
  CHECK(bed.until([&] { return came == kMany; }));
  CHECK_GT(most, 1);
  CHECK_LE(most, 64);
  for (const ConnectionId id : ids) CHECK(bed.untilHeard(bed.connector.peer(id), "text answer"));
}

TEST_CASE("service: the ledger tells what was taken over and what still waits") {
  Bed bed;
  Connection& connection = bed.open();
  const LedgerEntry& ledger = *connection.ledger();
  bed.command(Command::send, connection.id, "12345");
  bed.command(Command::send, connection.id, "123", 0, 0, Source::handler);
  CHECK_EQ(ledger.acceptedMain, 5);
  CHECK_EQ(ledger.acceptedHandler, 3);
  bed.settle();
  CHECK_EQ(ledger.pending, 0);
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 4; i++) bed.command(Command::send, connection.id, megabyte);
  bed.settle();
  CHECK_GT(ledger.pending, 0);
  CHECK_EQ(ledger.pending, connection.output.queue.size());
  const ConnectionId id = connection.id;
  bed.command(Command::terminate, id);
  CHECK(bed.untilGone(id));
  CHECK_EQ(ledger.pending, 0);
}

TEST_CASE("service: a name of an earlier generation reaches nobody") {
  Bed bed;
  Connection& first = bed.open();
  const ConnectionId old = first.id;
  bed.command(Command::terminate, old);
  CHECK(bed.untilEvent(old, "closed 1006"));
  bed.channel.slots.release(old);
  Connection& second = bed.open();
  REQUIRE_EQ(second.id.slot, old.slot);
  REQUIRE_NE(second.id.generation, old.generation);

  for (int type = 0; type < 12; type++) {
    if (type == static_cast<int>(Command::broadcast)) continue;
    bed.command(static_cast<Command>(type), old, "x", 1000);
    bed.command(static_cast<Command>(type), {old.slot, second.id.generation + 1}, "x", 1000);
    bed.command(static_cast<Command>(type), {second.id.slot + 1, second.id.generation}, "x", 1);
    bed.command(static_cast<Command>(type), {UINT32_MAX, UINT32_MAX}, "x", 1);
  }
  bed.settle();
  bed.peer(second).pump();
  CHECK(bed.peer(second).events.empty());
  CHECK_EQ(bed.events(second), Events{"opened"});
  CHECK_EQ(bed.main.of(old), Events{"opened", "closed 1006"});
  CHECK_EQ(second.ledger()->acceptedMain, 0);
}

TEST_CASE("service: timers and readiness of an earlier generation touch nobody") {
  Bed bed;
  auto to = endpoint();
  to->closeTimeout = 100;
  Connection& first = bed.open(to);
  const ConnectionId old = first.id;
  bed.command(Command::close, old, "", 1000);  // arms a timer
  bed.settle();
  bed.command(Command::terminate, old);
  CHECK(bed.untilGone(old));
  bed.channel.slots.release(old);
  Connection& second = bed.open();
  bed.run(200);
  CHECK_EQ(bed.events(second), Events{"opened"});
}

TEST_CASE("service: events go to the handler of a group, the end also to the owner, last") {
  Bed bed;
  Events order;
  bed.main.onClosed = [&](Connection&) { order.push_back("owner"); };
  bed.handler.onClosed = [&](Connection&) { order.push_back("handler"); };
  Connection& connection = bed.open(endpoint(), 7);
  const ConnectionId id = connection.id;
  bed.peer(connection).text("x");
  bed.settle();
  CHECK_EQ(bed.handler.of(id), Events{"opened", "text x"});
  CHECK_EQ(bed.main.of(id), Events{"opened"});
  bed.command(Command::terminate, id);
  CHECK(bed.untilGone(id));
  CHECK_EQ(order, Events{"handler", "owner"});

  const ConnectionId own = bed.ask(endpoint(), 7, true);
  bed.settle();
  CHECK_EQ(bed.handler.of(own), Events{"opened"});
  CHECK(bed.main.of(own).empty());
  bed.command(Command::broadcast, {}, "all", 7, flag::binary);
  CHECK_EQ(bed.handler.broadcasts, Events{"7 binary all"});
}

TEST_CASE("service: commands reach it through the channel, large ones too") {
  Bed bed;
  Connection& connection = bed.open();
  const uint32_t slab = bed.channel.outbox.acquire();
  const Octets records = Bed::encode(Command::send, connection.id, "one") +
                         Bed::encode(Command::send, connection.id, "two");
  std::memcpy(bed.channel.outbox.slab(slab)->data(), records.data(), records.size());
  bed.channel.push(Commands{slab, static_cast<uint32_t>(records.size())});
  bed.channel.push(Commands{12345, 100});  // no such slab
  LargeCommand large{};
  large.record.type = static_cast<uint16_t>(Command::send);
  large.record.slot = connection.id.slot;
  large.record.generation = connection.id.generation;
  large.record.length = 100'000;
  REQUIRE(large.payload.reallocate(100'000));
  std::memset(large.payload.data(), 'x', 100'000);
  large.payload.grow(100'000);
  bed.channel.push(std::move(large));
  CHECK(bed.untilHeard(bed.peer(connection), "text 100000 bytes"));
  CHECK_EQ(bed.peer(connection).events, Events{"text one", "text two", "text 100000 bytes"});
  CHECK_EQ(bed.channel.outbox.acquire(), slab);
}

TEST_CASE("service: records that are not as they should be are dropped, whatever they say") {
  Bed bed;
  Connection& connection = bed.open();
  const Octets good = Bed::encode(Command::send, connection.id, "x");
  for (size_t size = 0; size < good.size(); size++) {
    ExactCopy cut(good.data(), size);
    bed.service.apply(cut.data(), cut.size(), Source::main);
  }
  for (const uint32_t size : {0u, 8u, 24u, 31u, 33u, 1000u, UINT32_MAX}) {
    Octets bad = good;
    std::memcpy(bad.data(), &size, sizeof size);
    ExactCopy copy(bad.data(), bad.size());
    bed.service.apply(copy.data(), copy.size(), Source::main);
  }
  for (const uint32_t length : {9u, 1000u, UINT32_MAX, UINT32_MAX - 24}) {
    Octets bad = good;
    std::memcpy(bad.data() + offsetof(Record, length), &length, sizeof length);
    ExactCopy copy(bad.data(), bad.size());
    bed.service.apply(copy.data(), copy.size(), Source::main);
  }
  bed.settle();
  bed.peer(connection).pump();
  CHECK(bed.peer(connection).events.empty());
}

TEST_CASE("service: random bytes as commands never crash it") {
  std::mt19937_64 random(seed());
  Bed bed;
  std::vector<ConnectionId> ids;
  for (int i = 0; i < 4; i++) {
    ids.push_back(bed.open(endpoint(i % 2 == 0 ? Kind::ws : Kind::raw)).id);
  }
  bed.connector.plan = [](const Connection&) { return Attempt{.end = Attempt::End::onDemand}; };
  ids.push_back(bed.ask());
  Recorder incoming;
  ids.push_back(bed.connector.arrive(endpoint(Kind::ws, Role::server), incoming)->id);
  bed.settle();
  for (int i = 0; i < 20'000; i++) {
    Octets bytes;
    for (uint64_t n = 1 + random() % 3; n > 0; n--) {
      std::string payload(random() % 200, '\0');
      for (char& byte : payload) byte = static_cast<char>(random());
      // Named rightly for the most part, so that something comes of it.
      ConnectionId id = ids[random() % ids.size()];
      if (random() % 8 == 0) id.generation = static_cast<uint32_t>(random() % 4);
      auto type = static_cast<Command>(random() % 12);
      if (type == Command::terminate && random() % 50 != 0) type = Command::send;
      Octets record = Bed::encode(type, id, payload, static_cast<uint32_t>(random()),
                                  static_cast<uint16_t>(random()));
      if (random() % 4 == 0) record[random() % record.size()] = static_cast<uint8_t>(random());
      bytes = bytes + record;
    }
    if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 1));
    ExactCopy copy(bytes.data(), bytes.size());
    bed.service.apply(copy.data(), copy.size(), random() % 2 == 0 ? Source::main : Source::handler);
    if (i % 16 == 0) {
      bed.host.turn(bed.service, 0);
      for (const ConnectionId id : ids) {
        if (bed.service.find(id) != nullptr && bed.service.find(id)->wasOpen()) {
          bed.connector.peer(id).pump();
        }
      }
    }
  }
  bed.settle();
}

TEST_CASE("service: a mark is told once the kernel has all that was sent before it, in order") {
  Bed bed;
  Connection& connection = bed.open();
  Peer& peer = bed.peer(connection);
  peer.reads = false;
  bed.command(Command::mark, connection.id, "", 1);  // nothing to wait for
  CHECK_EQ(bed.events(connection).back(), "flushed 1");
  const std::string megabyte(1 << 20, 'x');
  bed.command(Command::send, connection.id, "small");
  bed.command(Command::mark, connection.id, "", 2);
  for (int i = 0; i < 4; i++) bed.command(Command::send, connection.id, megabyte);
  bed.command(Command::mark, connection.id, "", 3);
  bed.command(Command::mark, connection.id, "", 4);
  bed.command(Command::mark, connection.id, "", 5, 0, Source::handler);
  bed.settle();
  CHECK_EQ(bed.events(connection).back(), "flushed 2");
  peer.reads = true;
  CHECK(bed.until([&] {
    peer.pump();
    return connection.output.queue.empty();
  }));
  CHECK_EQ(bed.events(connection),
           Events{"opened", "flushed 1", "flushed 2", "flushed 3", "flushed 4"});
  CHECK_EQ(bed.handler.of(connection.id), Events{"flushed 5"});
}

TEST_CASE("service: whoever is told of a mark may send and set another") {
  Bed bed;
  Connection& connection = bed.open();
  int left = 5;
  bed.main.onFlushed = [&](Connection& flushed, uint32_t) {
    if (left-- == 0) return;
    bed.command(Command::send, flushed.id, "again");
    bed.command(Command::mark, flushed.id, "", 1);
  };
  bed.command(Command::mark, connection.id, "", 1);
  bed.settle();
  bed.peer(connection).pump();
  CHECK_EQ(bed.peer(connection).events.size(), 5);
  CHECK_EQ(bed.events(connection).size(), 7);
}

TEST_CASE("service: something that never ends does not keep the loop from other things") {
  Bed bed;
  Connection& endless = bed.open();
  Connection& other = bed.open();
  // A peer that takes everything at once, in the middle of the turn.
  bed.main.onFlushed = [&](Connection& connection, uint32_t) {
    bed.peer(connection).pump();
    bed.peer(connection).events.clear();
    bed.command(Command::send, connection.id, "more");
    bed.command(Command::mark, connection.id, "", 1);
  };
  bed.command(Command::mark, endless.id, "", 1);
  bed.peer(other).text("me too");
  CHECK(bed.untilEvent(other.id, "text me too"));
  const size_t before = bed.events(endless).size();
  bed.host.turn(bed.service, 1000);  // it goes on by itself
  CHECK_GT(bed.events(endless).size(), before);
  bed.main.onFlushed = nullptr;
}

TEST_CASE("service: pings that come together are all answered, up to 64, and then the last one") {
  Bed bed;
  Connection& connection = bed.open();
  Peer& peer = bed.peer(connection);
  int next = 0;
  for (const int count : {1, 3, 64, 65, 200}) {
    CAPTURE(count);
    Octets pings;
    Events expected;
    for (int i = 1; i <= count; i++) {
      const std::string payload = std::to_string(++next);
      pings = pings + wire(Role::client, Frame{0x89, payload});
      if (i <= 64 || i == count) expected.push_back("pong " + payload);
    }
    peer.events.clear();
    peer.write(pings);
    CHECK(bed.untilHeard(peer, expected.back()));
    CHECK_EQ(peer.events, expected);
  }
}

TEST_CASE("service: a peer that pings without reading makes nothing grow, and is answered later") {
  Bed bed;
  Connection& connection = bed.open();
  Peer& peer = bed.peer(connection);
  peer.reads = false;
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 2; i++) bed.command(Command::send, connection.id, megabyte);
  bed.settle();
  const size_t before = connection.output.queue.size();
  REQUIRE_GT(before, 0);
  const Octets ping = wire(Role::client, Frame{0x89, std::string(125, 'p')});
  Octets many;
  for (int i = 0; i < 500; i++) many = many + ping;
  for (int i = 0; i < 40; i++) {
    peer.write(many);
    bed.host.turn(bed.service, 0);
  }
  peer.frame({0x89, "last"});
  CHECK(bed.untilEvent(connection.id, "ping last"));
  // 64 of up to 131 bytes.
  CHECK_LE(connection.output.queue.size(), before + 64 * 131);
  peer.reads = true;
  CHECK(bed.untilHeard(peer, "pong last"));
  CHECK_EQ(std::count(peer.events.begin(), peer.events.end(), "pong last"), 1);
}

TEST_CASE("service: pings of ours go out, but none that is too long") {
  Bed bed;
  Connection& connection = bed.open();
  bed.command(Command::ping, connection.id, std::string(126, 'x'));
  bed.command(Command::ping, connection.id, "here");
  CHECK(bed.untilHeard(bed.peer(connection), "ping here"));
  CHECK_EQ(bed.peer(connection).events.size(), 1);
}

TEST_CASE("service: raw bytes go both ways, and each direction ends by itself") {
  Bed bed;
  bed.connector.sockets = [] { return tcpPair(); };
  Connection& connection = bed.open(endpoint(Kind::raw));
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.raw = true;
  bed.command(Command::send, id, "abc");
  bed.command(Command::send, id, "");
  bed.command(Command::ping, id, "no such thing");
  bed.command(Command::end, id);
  bed.command(Command::end, id);
  bed.command(Command::send, id, "too late");
  CHECK(bed.untilEnd(peer));
  CHECK_EQ(peer.received, "abc");
  peer.write("still here");
  CHECK(bed.untilEvent(id, "data still here"));
  peer.halfClose();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "data still here", "closed 1000"});
}

TEST_CASE("service: a raw peer that has ended is still answered") {
  Bed bed;
  Connection& connection = bed.open(endpoint(Kind::raw));
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.raw = true;
  peer.write("question");
  peer.halfClose();
  CHECK(bed.untilEvent(id, "ended"));
  bed.run(50);
  const size_t polls = bed.host.polls;
  bed.run(50);
  CHECK_EQ(bed.host.polls, polls);  // the end is not looked at over and over
  bed.command(Command::send, id, "answer");
  bed.command(Command::end, id);
  CHECK(bed.untilGone(id));
  peer.pump();
  CHECK_EQ(peer.received, "answer");
  CHECK_EQ(bed.main.of(id), Events{"opened", "data question", "ended", "closed 1000"});
}

// --- connections that came in --------------------------------------------------------------------

TEST_CASE("service: a request that arrives in pieces is answered, and frames behind it are read") {
  const std::string frames = [] {
    const Octets bytes = wire(Role::server, {Frame{0x81, "first"}, Frame{0x81, "second"}});
    return toString(bytes.data(), bytes.size());
  }();
  const std::string all = kUpgrade + frames;
  for (size_t cut = 0; cut < all.size(); cut += 7) {
    Bed bed;
    Recorder sink;
    Connection& connection = *bed.connector.arrive(endpoint(Kind::ws, Role::server), sink);
    const ConnectionId id = connection.id;
    bed.peer(connection).raw = true;
    bed.peer(connection).write(all.substr(0, cut));
    bed.settle();
    bed.peer(connection).write(all.substr(cut));
    bed.settle();
    CHECK_EQ(sink.of(id), Events{"opened", "text first", "text second"});
    bed.peer(connection).pump();
    CHECK(bed.peer(connection).received.starts_with("HTTP/1.1 101"));
  }
}

TEST_CASE("service: a request that is refused is told why, and then it is over") {
  Bed bed;
  Recorder sink;
  Connection& connection = *bed.connector.arrive(endpoint(Kind::ws, Role::server), sink);
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.raw = true;
  peer.write("POST / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(bed.untilEnd(peer));
  CHECK(peer.received.starts_with("HTTP/1.1 405"));
  peer.end();
  CHECK(bed.untilGone(id));
  CHECK_EQ(sink.of(id), Events{"failed ERR_UPGRADE_INVALID"});
}

TEST_CASE("service: whoever comes in and does not get as far as its upgrade has failed") {
  Bed bed;
  Recorder sink;
  auto to = endpoint(Kind::ws, Role::server);
  to->timeout = 100;
  const auto arrive = [&] {
    Connection* connection = bed.connector.arrive(to, sink);
    REQUIRE(connection != nullptr);
    bed.peer(*connection).raw = true;
    bed.peer(*connection).write("GET / HT");
    bed.settle();
    return connection->id;
  };
  const ConnectionId silent = arrive();
  CHECK(bed.untilGone(silent));
  CHECK_EQ(sink.of(silent), Events{"failed ERR_HANDSHAKE_TIMEOUT"});

  const ConnectionId gone = arrive();
  bed.connector.peer(gone).end();
  CHECK(bed.untilGone(gone));
  CHECK_EQ(sink.of(gone), Events{"failed ERR_CONNECTION_LOST"});

  const ConnectionId terminated = arrive();
  bed.command(Command::terminate, terminated);
  CHECK(bed.untilGone(terminated));
  CHECK_EQ(sink.of(terminated), Events{"failed ERR_ABORTED"});

  // Nothing of ours gets in front of the answer.
  const ConnectionId early = arrive();
  bed.command(Command::send, early, "frame");
  bed.command(Command::ping, early, "frame");
  bed.settle();
  bed.connector.peer(early).pump();
  CHECK_EQ(bed.connector.peer(early).received, "");
  bed.command(Command::close, early, "", 1000);
  CHECK(bed.untilGone(early));
  CHECK_EQ(bed.connector.peer(early).received, "");
  CHECK_EQ(sink.of(early), Events{"failed ERR_ABORTED"});
}

TEST_CASE("service: who comes in while every slot is taken is not taken in") {
  Bed bed(64, nullptr, 1);
  Recorder sink;
  bed.accept(sink);
  CHECK_EQ(bed.connector.arrive(endpoint(Kind::ws, Role::server), sink), nullptr);
}

TEST_CASE("service: memory of large messages goes when none come any more, and with the worker") {
  ws::SpareMemory& spares = ws::SpareMemory::ofProcess();
  const auto keep = [&] {
    ws::Bytes block = spares.take(300'000);
    REQUIRE(block.reallocate(300'000));
    spares.give(std::move(block));
    CHECK_EQ(spares.kept(), 300'000);
  };
  Bed bed;
  keep();
  CHECK(bed.until([&] { return spares.kept() == 0; }));
  {
    const Bed another;
    keep();
  }
  CHECK_EQ(spares.kept(), 0);
}

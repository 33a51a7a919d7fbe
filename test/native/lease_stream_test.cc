// Both streams around a lease: nothing is lost, doubled or out of its turn.
#include <thread>

#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("lease: messages come before, during and after one, each once and in order") {
  for (const bool notice : {false, true}) {  // whether the worker comes by during the lease
    LeaseBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    peer.text("1");
    CHECK(bed.untilEvent(id, "text 1"));
    const Octets cut = LeaseBed::toUs({0x81, "2 in two pieces"});
    peer.write({cut.begin(), cut.begin() + 5});
    bed.settle();
    const Held held = bed.hold(id);  // half of it is in the codec
    peer.write({cut.begin() + 5, cut.end()});
    peer.text("3");
    if (notice) bed.settle();
    CHECK_EQ(bed.events(connection), Events{"opened", "text 1"});
    bed.wakes = 0;
    bed.release(held);
    CHECK_EQ(bed.wakes, notice ? 1 : 0);
    CHECK(bed.untilEvent(id, "text 3"));
    CHECK_EQ(bed.events(connection), Events{"opened", "text 1", "text 2 in two pieces", "text 3"});
    CHECK(bed.alive(connection));
  }
}

TEST_CASE(
    "lease: what is sent during one leaves after it, in order; what was sent before, before") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  bed.command(Command::send, id, "1");
  bed.wish(id, 1, true);
  bed.command(Command::send, id, "2");
  const Held held = bed.granted(id, 1);
  bed.command(Command::send, id, "3");
  bed.settle();
  peer.pump();
  REQUIRE_FALSE(peer.events.empty());
  CHECK_EQ(peer.events.front(), "text 1");
  const size_t before = peer.events.size();
  bed.write(held, LeaseBed::toPeer({0x81, "the holder's"}));
  peer.pump();
  CHECK_EQ(peer.events.size(), before + 1);
  bed.release(held);
  CHECK(bed.untilHeard(peer, "text 3"));
  std::erase(peer.events, "text the holder's");
  CHECK_EQ(peer.events, Events{"text 1", "text 2", "text 3"});
  CHECK(bed.alive(connection));
}

TEST_CASE("lease: with output half-written it begins at the end of what was sent before") {
  TcpLeaseBed bed(false, 8 * 1024);
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.reads = false;
  const std::string large(3'000'000, 'x');
  bed.command(Command::send, id, large);
  bed.settle();
  CHECK_FALSE(connection.cell->whole);
  CHECK_EQ(bed.take(id), kBusy);
  CHECK_GT(bed.take(id, false), 0);  // who only looks does not mind
  bed.owners.release({id, connection.cell->lastToken}, -1);
  bed.wish(id, 1, true);
  bed.settle();
  // Sends that go on and on do not keep it away.
  int sent = 0;
  const auto send = [&] { bed.command(Command::send, id, "later " + std::to_string(sent++)); };
  send();
  bed.settle();
  CHECK_EQ(bed.answer(id, 1), 0);
  peer.reads = true;
  CHECK(bed.until([&] {
    send();
    peer.pump();
    return bed.answer(id, 1) != 0;
  }));
  const Held held = bed.granted(id, 1);
  CHECK(bed.untilHeard(peer, "text 3000000 bytes"));
  bed.settle();
  peer.pump();
  CHECK_EQ(peer.events, Events{"text 3000000 bytes"});  // all that followed waits
  bed.write(held, LeaseBed::toPeer({0x81, "the holder's"}));
  bed.release(held);  // and goes on by itself
  CHECK(bed.untilHeard(peer, "text later " + std::to_string(sent - 1)));
  CHECK_EQ(peer.events.size(), static_cast<size_t>(sent) + 2);
  CHECK_EQ(peer.events[1], "text the holder's");
  for (int i = 0; i < sent; i++) {
    CHECK_EQ(peer.events[static_cast<size_t>(i) + 2], "text later " + std::to_string(i));
  }
  CHECK(bed.alive(connection));
}

TEST_CASE("lease: what lies behind its beginning leaves when it ends, with nobody to ask for it") {
  TcpLeaseBed bed(false, 8 * 1024);
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  bed.command(Command::send, id, std::string(3'000'000, 'x'));
  bed.wish(id, 1, true);
  bed.settle();
  CHECK_EQ(bed.answer(id, 1), 0);
  bed.command(Command::send, id, "behind");
  bed.settle();
  CHECK(bed.until([&] {
    peer.pump();
    return bed.answer(id, 1) != 0;
  }));
  CHECK_FALSE(connection.out.empty());
  bed.wakes = 0;
  bed.release(bed.granted(id, 1));
  CHECK_EQ(bed.wakes, 1);
  CHECK(bed.untilHeard(peer, "text behind"));
}

TEST_CASE("lease: none begins before what came with the server's answer was taken in") {
  LeaseBed bed;
  std::thread taker;
  std::atomic<int64_t> token{0};
  bed.opener.plan = [](const Connection&) {
    return Attempt{.early =
                       "\x81\x05"
                       "early"};
  };
  bed.owner.onOpened = [&](Connection& connection) {
    taker = std::thread([&, id = connection.id] { token = bed.take(id); });
    usleep(20'000);
    CHECK_EQ(token, 0);
  };
  Connection& connection = bed.open();
  taker.join();
  CHECK_EQ(token, 1);
  CHECK_EQ(bed.events(connection), Events{"opened", "text early"});
  CHECK(bed.owners.release({connection.id, 1}, -1));
  CHECK(bed.alive(connection));
}

TEST_CASE("lease: a request that is given up lets the output go on that was held back for it") {
  TcpLeaseBed bed(false, 8 * 1024);
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.write("\x81");  // the lease would have to wait for this frame
  bed.settle();
  CHECK_EQ(bed.take(id, true, true), kBusy);
  bed.wish(id, 1, true, true);
  bed.settle();
  bed.command(Command::send, id, "held back");
  bed.settle();
  peer.pump();
  CHECK(peer.events.empty());
  bed.command(Command::cancelLease, id, "", 1);
  CHECK(bed.untilHeard(peer, "text held back"));
  peer.write("\x01x");
  CHECK(bed.untilEvent(id, "text x"));
}

TEST_CASE("lease: an end that was asked for before one comes about after it") {
  LeaseBed bed;
  Connection& connection = bed.open(endpoint(Kind::raw));
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.raw = true;
  bed.command(Command::end, id);
  bed.wish(id, 1, true);
  bed.release(bed.granted(id, 1));
  CHECK(bed.untilEnd(peer));
  peer.write("answer");
  peer.end();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.owner.of(id), Events{"opened", "leased 1 1", "data answer", "closed 1000"});
}

TEST_CASE("lease: it begins exactly between two frames where that is wanted") {
  for (const bool tls : {false, true}) {
    TcpLeaseBed bed(tls);
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    // The rest of the frame comes with others behind it.
    const Octets first = LeaseBed::toUs({0x81, std::string(300, 'a')});
    const Octets rest = wire(ws::Role::client, {Frame{0x81, "next"}, Frame{0x82, "behind"}});
    peer.write({first.begin(), first.begin() + 3});
    CHECK(bed.until([&] { return !connection.decoder->betweenFrames(); }));
    CHECK_EQ(bed.take(id, true, true), kBusy);
    bed.wish(id, 1, true, true);
    bed.settle();
    CHECK_EQ(bed.answer(id, 1), 0);
    peer.write(Octets(first.begin() + 3, first.end()) + rest);
    const Held held = bed.granted(id, 1);
    CHECK_EQ(bed.events(connection).size(), 3);
    CHECK_EQ(bed.events(connection)[1], "text 300 bytes");
    std::string leftover = "none";
    CHECK(bed.owners.leftover(held, leftover));
    CHECK_EQ(leftover, "");
    const Octets next = LeaseBed::toUs({0x81, "next"});
    CHECK_EQ(octets(bed.readAll(held, next.size())), next);
    bed.release(held);
    CHECK(bed.untilEvent(id, "binary behind"));
    CHECK_EQ(bed.events(connection).size(), 4);
    CHECK(bed.alive(connection));
  }
}

TEST_CASE("lease: inside a frame its holder gets what the codec had of it") {
  for (const bool tls : {false, true}) {
    for (const size_t size : {size_t{1}, size_t{3}, size_t{4}, size_t{100}, size_t{70'003}}) {
      TcpLeaseBed bed(tls);
      Connection& connection = bed.open();
      const ConnectionId id = connection.id;
      const Octets frame = LeaseBed::toUs({0x82, std::string(70'000, 'b')});
      bed.peer(connection).write({frame.begin(), frame.begin() + static_cast<ptrdiff_t>(size)});
      CHECK(bed.until([&] {
        bed.peer(connection).pump();
        return connection.decoder->leftoverSize() == size;
      }));
      const Held held = bed.hold(id);
      std::string leftover;
      CHECK(bed.owners.leftover(held, leftover));
      bed.peer(connection).write({frame.begin() + static_cast<ptrdiff_t>(size), frame.end()});
      std::string rest;
      while (leftover.size() + rest.size() < frame.size()) {
        bed.peer(connection).pump();
        rest += bed.readAll(held, std::min<size_t>(4'000, frame.size() - size - rest.size()));
      }
      CHECK(octets(leftover + rest) == frame);
      CHECK(bed.owners.leftover(held, rest));
      CHECK(rest == leftover);  // as it was when the lease began
      bed.release(held);
      CHECK(bed.alive(connection));
      CHECK_EQ(bed.events(connection).size(), 2);  // the frame was the holder's
    }
  }
}

TEST_CASE("lease: the worker reads no further than a request for a frame's end bids it") {
  for (const ws::Role role : {ws::Role::client, ws::Role::server}) {
    std::mt19937_64 random(seed());
    for (int round = 0; round < 200; round++) {
      Octets stream;
      std::vector<size_t> ends;
      for (int i = 0; i < 6; i++) {
        const size_t size = random() % 4 == 0 ? random() % 70'000 : random() % 200;
        const bool control = random() % 3 == 0;
        stream = stream + wire(role, {static_cast<uint8_t>(control ? 0x89 : 0x82),
                                      std::string(control ? size % 126 : size, 'z')});
        ends.push_back(stream.size());
      }
      FrameDecoder decoder({.role = role});
      RecordingSink sink;
      size_t at = 0;
      const auto feed = [&](size_t size) {
        ExactCopy piece(stream.data() + at, size);
        REQUIRE_EQ(decoder.feed(piece.data(), size, sink), nullptr);
        at += size;
      };
      feed(random() % stream.size());  // wherever the request comes
      while (at < stream.size()) {
        const uint64_t wanted = decoder.wanted();
        REQUIRE_GE(wanted, 1);
        const size_t end = *std::upper_bound(ends.begin(), ends.end(), at);
        REQUIRE_LE(wanted, end - at);
        REQUIRE_EQ(decoder.betweenFrames(),
                   at == 0 || std::find(ends.begin(), ends.end(), at) != ends.end());
        feed(std::min<size_t>(1 + random() % wanted, wanted));
      }
      CHECK(decoder.betweenFrames());
      decoder.stop();
      CHECK_EQ(decoder.wanted(), UINT64_MAX);
    }
  }
}

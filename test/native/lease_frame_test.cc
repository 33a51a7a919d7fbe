// Leases and the frames that come in: between two of them, or inside one.
#include "../../native/core/ws/frame_decoder_feed.h"
#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

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
    bed.requestLease(id, 1, true, true);
    bed.settle();
    CHECK_EQ(bed.answer(id, 1), 0);
    peer.write(Octets(first.begin() + 3, first.end()) + rest);
    const Held held = bed.granted(id, 1);
    CHECK_EQ(bed.events(connection).size(), 3);
    CHECK_EQ(bed.events(connection)[1], "text 300 bytes");
    std::string leftover = "none";
    CHECK(bed.mainLeases.leftover(held, leftover));
    CHECK_EQ(leftover, "");
    const Octets next = LeaseBed::toUs({0x81, "next"});
    CHECK_EQ(octets(bed.readAll(held, next.size())), next);
    bed.release(held);
    CHECK(bed.untilEvent(id, "binary behind"));
    CHECK_EQ(bed.events(connection).size(), 4);
    CHECK(bed.alive(connection));
  }
}

TEST_CASE("lease: output is not held back for a frame that nobody reads") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.write("\x81");
  bed.settle();
  bed.requestLease(id, 1, true, true);
  bed.settle();
  bed.command(Command::send, id, "held back");
  bed.settle();
  peer.pump();
  CHECK(peer.events.empty());
  bed.command(Command::pause, id);
  CHECK(bed.untilHeard(peer, "text held back"));
  bed.command(Command::send, id, "and this");
  CHECK(bed.untilHeard(peer, "text and this"));
  CHECK_EQ(bed.answer(id, 1), 0);
  bed.command(Command::resume, id);
  peer.write("\x01x");
  bed.release(bed.granted(id, 1));
  CHECK(bed.alive(connection));
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
      CHECK(bed.mainLeases.leftover(held, leftover));
      bed.peer(connection).write({frame.begin() + static_cast<ptrdiff_t>(size), frame.end()});
      std::string rest;
      while (leftover.size() + rest.size() < frame.size()) {
        bed.peer(connection).pump();
        rest += bed.readAll(held, std::min<size_t>(4'000, frame.size() - size - rest.size()));
      }
      CHECK(octets(leftover + rest) == frame);
      CHECK(bed.mainLeases.leftover(held, rest));
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

// Ends of a connection that pass through a holder's hands.
#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("lease: a close frame that the holder reads is answered, as if the worker had read it") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  const Held held = bed.hold(id);
  peer.frame({0x88, closing(1001, "away")});
  CHECK_EQ(bed.read(held).size(), 8);
  bed.command(Command::send, id, "still sent");
  bed.release(held);
  CHECK(bed.untilHeard(peer, "close 1001"));
  CHECK_EQ(peer.events, Events{"text still sent", "close 1001"});
  CHECK_EQ(bed.take(id), kClosed);
  peer.end();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1001 away"});
}

TEST_CASE("lease: a close frame that the holder writes is the last") {
  for (const bool closedMeanwhile : {false, true}) {
    LeaseBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    peer.raw = true;
    const Held held = bed.hold(id);
    const Octets frame = LeaseBed::toPeer({0x88, closing(4000, "mine")});
    bed.write(held, frame);
    bed.command(Command::send, id, "too late");
    if (closedMeanwhile) bed.command(Command::close, id, "", 1000);
    bed.settle();
    bed.requestLease(id, 1, true);
    bed.release(held);
    CHECK(bed.until([&] { return bed.answer(id, 1) != 0; }));
    CHECK_EQ(bed.answer(id, 1), kClosed);
    bed.command(Command::send, id, "too late");
    bed.command(Command::close, id, "", 1000);
    bed.settle();
    peer.pump();
    CHECK_EQ(octets(peer.received), frame);
    peer.frame({0x88, closing(4000)});
    peer.end();
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id).back(), "closed 4000");
  }
}

TEST_CASE("lease: both close frames pass through the holder's hands") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  const Held held = bed.hold(id);
  bed.write(held, LeaseBed::toPeer({0x88, closing(1000)}));
  peer.frame({0x88, closing(1000, "bye")});
  CHECK_EQ(bed.read(held).size(), 7);
  bed.release(held);
  bed.settle();
  peer.end();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1000 bye"});
  // More than one is one too many.
  Connection& other = bed.open();
  const Held again = bed.hold(other.id);
  bed.write(again, LeaseBed::toPeer({0x88, ""}));
  bed.write(again, LeaseBed::toPeer({0x88, ""}));
  bed.release(again);
  CHECK_EQ(bed.taint(other.id), "what was written is not whole frames of a client");
}

TEST_CASE("lease: what the peer does wrong is found in what the holder reads") {
  struct Case {
    Octets bytes;
    const char* heard;
    const char* code;
  };
  const Case cases[] = {
      {octets("\xC1\x01x"), "close 1002", "closed 1002 ERR_PROTOCOL"},
      {LeaseBed::toUs({0x81, "\xFF"}), "close 1007", "closed 1007 ERR_INVALID_UTF8"},
      {LeaseBed::toUs({0x82, "", 8, 2 << 20}), "close 1009", "closed 1009 ERR_MESSAGE_TOO_BIG"},
  };
  for (const Case& one : cases) {
    LeaseBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    const Held held = bed.hold(id);
    bed.peer(connection).write(one.bytes);
    CHECK_EQ(bed.read(held).size(), one.bytes.size());
    bed.release(held);
    CHECK(bed.untilHeard(bed.peer(connection), one.heard));
    bed.peer(connection).end();
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id).back(), one.code);
  }
}

TEST_CASE("lease: a holder shuts the socket down: raw it was our end, ws it broke the stream") {
  for (const bool peerEnded : {false, true}) {
    TcpLeaseBed bed;
    Connection& connection = bed.open(endpoint(Kind::raw));
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    peer.raw = true;
    if (peerEnded) {
      peer.halfClose();
      CHECK(bed.untilEvent(id, "ended"));
    }
    const Held held = bed.hold(id);
    bed.command(Command::send, id, "too late");
    CHECK(bed.mainLeases.shutdownSocket(held, SHUT_WR));
    bed.release(held);
    CHECK(bed.untilEnd(peer));
    CHECK_EQ(peer.received, "");
    if (!peerEnded) {
      peer.write("answer");
      CHECK(bed.untilEvent(id, "data answer"));
      peer.halfClose();
    }
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id).back(), "closed 1000");
  }
  TcpLeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Held held = bed.hold(id);
  CHECK(bed.mainLeases.shutdownSocket(held, SHUT_RD));
  bed.release(held);
  CHECK_EQ(bed.taint(id), "the socket was shut down");
}

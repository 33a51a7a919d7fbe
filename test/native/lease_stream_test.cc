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
  bed.requestLease(id, 1, true);
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
  CHECK_FALSE(connection.cell()->writeComplete);
  CHECK_EQ(bed.take(id), kBusy);
  CHECK_GT(bed.take(id, false), 0);  // who only looks does not mind
  bed.mainLeases.release({id, connection.cell()->lastToken}, -1);
  bed.requestLease(id, 1, true);
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
  bed.requestLease(id, 1, true);
  bed.settle();
  CHECK_EQ(bed.answer(id, 1), 0);
  bed.command(Command::send, id, "behind");
  bed.settle();
  CHECK(bed.until([&] {
    peer.pump();
    return bed.answer(id, 1) != 0;
  }));
  CHECK_FALSE(connection.output.queue.empty());
  bed.wakes = 0;
  bed.release(bed.granted(id, 1));
  CHECK_EQ(bed.wakes, 1);
  CHECK(bed.untilHeard(peer, "text behind"));
}

TEST_CASE("lease: none begins before what came with the server's answer was taken in") {
  LeaseBed bed;
  std::thread taker;
  std::atomic<int64_t> token{0};
  bed.connector.plan = [](const Connection&) {
    return Attempt{.early =
                       "\x81\x05"
                       "early"};
  };
  bed.main.onOpened = [&](Connection& connection) {
    taker = std::thread([&, id = connection.id] { token = bed.take(id); });
    usleep(20'000);
    CHECK_EQ(token, 0);
  };
  Connection& connection = bed.open();
  taker.join();
  CHECK_EQ(token, 1);
  CHECK_EQ(bed.events(connection), Events{"opened", "text early"});
  CHECK(bed.mainLeases.release({connection.id, 1}, -1));
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
  bed.requestLease(id, 1, true, true);
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

TEST_CASE("lease: a close frame does not wait behind a request that closing has refused") {
  TcpLeaseBed bed(false, 8 * 1024);
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.write("\x81");  // so that the request waits, with a barrier in the output
  bed.settle();
  bed.requestLease(id, 1, true, true);
  bed.settle();
  bed.command(Command::send, id, "the last");
  bed.command(Command::close, id, "", 1000);
  CHECK(bed.until([&] { return bed.answer(id, 1) == kClosed; }));
  CHECK(bed.untilHeard(peer, "text the last"));
  CHECK(bed.untilHeard(peer, "close 1000"));
}

TEST_CASE("lease: an end that was asked for before one comes about after it") {
  LeaseBed bed;
  Connection& connection = bed.open(endpoint(Kind::raw));
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.raw = true;
  bed.command(Command::end, id);
  bed.requestLease(id, 1, true);
  bed.release(bed.granted(id, 1));
  CHECK(bed.untilEnd(peer));
  peer.write("answer");
  peer.end();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "leased 1 1", "data answer", "closed 1000"});
}

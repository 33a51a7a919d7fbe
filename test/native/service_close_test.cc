// Every way in which a connection ends.
#include "service_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

Frame closeFrame(uint16_t code, std::string_view reason = "") {
  return {0x88, closing(code, reason)};
}

}  // namespace

TEST_CASE("close: by us: the peer answers, hangs up, and its code is told") {
  Bed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  bed.command(Command::send, id, "last words");
  bed.command(Command::close, id, "bye", 1001);
  bed.command(Command::send, id, "too late");
  bed.command(Command::close, id, "again", 1000);
  CHECK(bed.untilHeard(peer, "close 1001 bye"));
  CHECK_EQ(peer.events, Events{"text last words", "close 1001 bye"});
  peer.text("under way");  // what it sent before it answered still counts
  peer.frame(closeFrame(1001));
  CHECK(bed.untilEvent(id, "text under way"));
  bed.settle();
  peer.end();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "text under way", "closed 1001"});
}

TEST_CASE("close: by the peer: it is answered with the same code, and then waited for") {
  Bed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  bed.command(Command::send, id, "before");
  peer.write(wire(Role::client, {closeFrame(4321, "enough"), Frame{0x81, "after"}}));
  CHECK(bed.untilHeard(peer, "close 4321"));
  bed.command(Command::send, id, "after");
  peer.pump();
  CHECK_EQ(peer.events, Events{"text before", "close 4321"});
  peer.end();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 4321 enough"});
}

TEST_CASE("close: without a code there is none in the answer") {
  Bed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  bed.peer(connection).frame({0x88, ""});
  CHECK(bed.untilHeard(bed.peer(connection), "close 1005"));
  bed.peer(connection).end();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1005"});

  // And what may not be sent is sent as none.
  for (const uint32_t code : {0u, 1005u, 1006u, 999u, 65535u}) {
    Connection& other = bed.open();
    bed.command(Command::close, other.id, code == 0 ? "" : "x", code);
    CHECK(bed.untilHeard(bed.peer(other), "close 1005"));
  }
}

TEST_CASE("close: both at once") {
  Bed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.frame(closeFrame(1000, "theirs"));
  bed.command(Command::close, id, "ours", 1001);
  CHECK(bed.untilHeard(peer, "close 1001 ours"));
  bed.settle();
  peer.pump();
  CHECK_EQ(peer.events.size(), 1);
  peer.end();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1000 theirs"});
}

TEST_CASE("close: a server hangs up first, once its own frame is out") {
  Bed bed;
  Recorder sink;
  for (const bool byUs : {true, false}) {
    Connection& connection = bed.accept(sink);
    const ConnectionId id = connection.id;
    Peer& client = bed.peer(connection);
    if (byUs) {
      bed.command(Command::close, id, "", 1001);
      CHECK(bed.untilHeard(client, "close 1001"));
    }
    client.frame(closeFrame(1001));
    CHECK(bed.untilGone(id));
    client.pump();
    CHECK(client.sawEnd);
    CHECK_EQ(client.events, Events{"close 1001"});
    CHECK_EQ(sink.of(id), Events{"opened", "closed 1001"});
  }
}

TEST_CASE("close: a peer that does not answer is waited for so long and no longer") {
  Bed bed;
  auto to = endpoint();
  to->closeTimeout = 100;
  Connection& silent = bed.open(to);
  Connection& lingering = bed.open(to);  // answers, but does not hang up
  const ConnectionId first = silent.id;
  const ConnectionId second = lingering.id;
  const uint64_t begun = monotonicNow();
  bed.command(Command::close, first, "", 1000);
  bed.command(Command::close, second, "", 1000);
  bed.peer(lingering).frame(closeFrame(1000));
  CHECK(bed.untilGone(first));
  CHECK(bed.untilGone(second));
  CHECK_GE(monotonicNow() - begun, 100);
  CHECK_EQ(bed.main.of(first), Events{"opened", "closed 1006 ERR_CLOSE_TIMEOUT"});
  CHECK_EQ(bed.main.of(second), Events{"opened", "closed 1000"});
}

// RFC 6455, 7.1.1: the server is to close first.
TEST_CASE("close: a server that waits for our end as well gets it soon") {
  for (const bool byUs : {true, false}) {
    for (const bool tls : {false, true}) {
      CAPTURE(byUs);
      CAPTURE(tls);
      Bed bed;
      bed.connector.tls = tls;
      bed.connector.sockets = [] { return tcpPair(); };
      Connection& connection = bed.open();
      const ConnectionId id = connection.id;
      Peer& peer = bed.peer(connection);
      const uint64_t begun = monotonicNow();
      if (byUs) bed.command(Command::close, id, "", 1000);
      peer.frame(closeFrame(1000));
      CHECK(bed.untilEnd(peer));
      CHECK_EQ(peer.events, Events{"close 1000"});
      CHECK_GE(monotonicNow() - begun, Closer::kServerFirst);
      CHECK_FALSE(peer.truncated);
      peer.write(octets("late"));  // no reset for that
      bed.settle();
      peer.pump();
      CHECK_EQ(peer.error, 0);
      peer.end();
      CHECK(bed.untilGone(id));
      CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1000"});
    }
  }
}

TEST_CASE("close: a peer that has answered and never ends is left soon") {
  Bed bed;
  Connection& connection = bed.open();  // closeTimeout is a minute
  const ConnectionId id = connection.id;
  bed.command(Command::close, id, "", 1000);
  bed.peer(connection).frame(closeFrame(1000));
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1000"});
}

TEST_CASE("close: a paused connection hears of a reset at once, behind what came before") {
  for (const Kind kind : {Kind::ws, Kind::raw}) {
    for (const bool tls : {false, true}) {
      CAPTURE(tls);
      Bed bed;
      bed.connector.tls = tls;
      bed.connector.sockets = [] { return tcpPair(); };
      Connection& connection = bed.open(endpoint(kind));
      const ConnectionId id = connection.id;
      bed.command(Command::pause, id);
      bed.settle();
      if (kind == Kind::ws) {
        bed.peer(connection).text("last words");
      } else {
        bed.peer(connection).write("last words");
      }
      bed.settle();
      CHECK_EQ(bed.main.of(id), Events{"opened"});
      bed.peer(connection).reset();
      CHECK(bed.untilGone(id));
      const char* told = kind == Kind::ws ? "text last words" : "data last words";
      CHECK_EQ(bed.main.of(id), Events{"opened", told, "closed 1006 ERR_CONNECTION_LOST"});
      CHECK_EQ(bed.main.factsOf(id).get("errno"), "ECONNRESET");
    }
  }
}

TEST_CASE("close: a paused raw connection that has ended both ways in order is still read later") {
  Bed bed;
  bed.connector.sockets = [] { return tcpPair(); };
  Connection& connection = bed.open(endpoint(Kind::raw));
  const ConnectionId id = connection.id;
  bed.command(Command::pause, id);
  bed.command(Command::end, id);
  bed.peer(connection).write("last words");
  bed.peer(connection).end();
  bed.settle();
  bed.run(20);
  CHECK_EQ(bed.main.of(id), Events{"opened"});
  bed.command(Command::resume, id);
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "data last words", "closed 1000"});
}

TEST_CASE("close: a peer that vanishes") {
  for (const bool tcp : {false, true}) {
    Bed bed;
    if (tcp) bed.connector.sockets = [] { return tcpPair(); };
    {  // with FIN alone
      Connection& connection = bed.open();
      const ConnectionId id = connection.id;
      bed.peer(connection).end();
      CHECK(bed.untilGone(id));
      CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 ERR_CONNECTION_LOST"});
      CHECK_EQ(bed.main.factsOf(id).get("midMessage"), "");
    }
    {  // in mid-message
      Connection& connection = bed.open();
      const ConnectionId id = connection.id;
      bed.peer(connection).frame({0x01, "half"});
      bed.peer(connection).end();
      CHECK(bed.untilGone(id));
      CHECK_EQ(bed.main.factsOf(id).get("midMessage"), "true");
    }
    {  // after our close frame, before its own
      Connection& connection = bed.open();
      const ConnectionId id = connection.id;
      bed.command(Command::close, id, "", 1000);
      CHECK(bed.untilHeard(bed.peer(connection), "close 1000"));
      bed.peer(connection).end();
      CHECK(bed.untilGone(id));
      CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 ERR_CONNECTION_LOST"});
    }
  }
}

TEST_CASE("close: a reset is an error before the close frames, and none after them") {
  Bed bed;
  bed.connector.sockets = [] { return tcpPair(); };
  Connection& before = bed.open();
  Connection& after = bed.open();
  const ConnectionId first = before.id;
  const ConnectionId second = after.id;
  bed.peer(before).reset();
  bed.peer(after).frame(closeFrame(1000));
  CHECK(bed.untilHeard(bed.peer(after), "close 1000"));
  bed.peer(after).reset();
  CHECK(bed.untilGone(first));
  CHECK(bed.untilGone(second));
  CHECK_EQ(bed.main.of(first), Events{"opened", "closed 1006 ERR_CONNECTION_LOST"});
  CHECK_EQ(bed.main.factsOf(first).get("errno"), "ECONNRESET");
  CHECK_EQ(bed.main.of(second), Events{"opened", "closed 1000"});
}

TEST_CASE("close: what the peer said before it went is read, though writing has failed already") {
  for (const bool tcp : {false, true}) {
    Bed bed;
    if (tcp) bed.connector.sockets = [] { return tcpPair(); };
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    peer.write(wire(Role::client, {Frame{0x81, "why:"}, closeFrame(4000, "so")}));
    peer.end();
    if (tcp) {  // the answer to the first write is a reset, which the second one meets
      CHECK_EQ(send(connection.fd(), "x", 1, MSG_NOSIGNAL), 1);
      usleep(20'000);
    }
    // Written in the same turn, before the loop has looked for input.
    bed.command(Command::send, id, "hello?");
    bed.service.finishTurn();
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"opened", "text why:", "closed 4000 so"});
  }
}

TEST_CASE("close: where sending a large message fails it is told once, when the turn is over") {
  for (const bool tls : {false, true}) {
    Bed bed;
    bed.connector.tls = tls;
    bed.connector.sockets = [] { return tcpPair(); };
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    bed.peer(connection).reset();
    pollfd broken = {connection.fd(), POLLIN, 0};
    REQUIRE_EQ(poll(&broken, 1, 20'000), 1);
    const std::string large(200'000, 'x');
    bed.command(Command::send, id, large);  // fails, and nobody has looked for input yet
    REQUIRE(connection.output.failure());
    CHECK_EQ(*connection.output.failure(), ECONNRESET);
    CHECK_FALSE(connection.cell()->writeComplete);
    CHECK_EQ(connection.output.queuedBytes(),
             connection.output.flushedBytes() + connection.output.queue.size());
    CHECK_EQ(bed.main.of(id), Events{"opened"});
    bed.command(Command::send, id, large);
    bed.command(Command::close, id, "", 1000);
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 ERR_CONNECTION_LOST"});
  }
}

TEST_CASE("close: what breaks the protocol is answered with its code, and the peer may read it") {
  struct Case {
    Octets bytes;
    const char* heard;
    const char* told;
  };
  const Case cases[] = {
      {octets("\x83\x01x"), "close 1002", "closed 1002 ERR_PROTOCOL"},
      {wire(Role::client, Frame{0x81, "\xFF\xFE"}), "close 1007", "closed 1007 ERR_INVALID_UTF8"},
      {wire(Role::client, Frame{0x82, std::string(2000, 'x')}), "close 1009",
       "closed 1009 ERR_MESSAGE_TOO_BIG"},
  };
  for (const Case& wrong : cases) {
    Bed bed;
    bed.connector.sockets = [] { return tcpPair(); };
    auto to = endpoint();
    to->maxPayload = 1000;
    Connection& connection = bed.open(to);
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    peer.write(wire(Role::client, Frame{0x81, "right"}) + wrong.bytes);
    CHECK(bed.untilEvent(id, "text right"));
    peer.write(std::string(1'000'000, 'z'));  // it goes on: no reset may overtake the answer
    CHECK(bed.untilHeard(peer, wrong.heard));
    CHECK(bed.untilEnd(peer));
    CHECK_EQ(peer.error, 0);
    peer.end();
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"opened", "text right", wrong.told});
  }
}

TEST_CASE(
    "close: after a failure a peer that stays is not waited for longer than it takes to read") {
  Bed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const uint64_t begun = monotonicNow();
  bed.command(Command::fail, id, Fields().set("reason", "it threw").encode());
  bed.command(Command::fail, id, "once more");
  CHECK(bed.untilHeard(bed.peer(connection), "close 1011"));
  CHECK(bed.untilGone(id));
  CHECK_LE(monotonicNow() - begun, 3000);
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1011 ERR_HANDLER_FAILED"});
  CHECK_EQ(bed.main.factsOf(id).get("reason"), "it threw");
}

TEST_CASE("close: terminated in every phase, it ends once") {
  Bed bed;
  auto to = endpoint();
  const auto terminated = [&](Connection& connection) {
    const ConnectionId id = connection.id;
    bed.command(Command::terminate, id);
    bed.command(Command::terminate, id);
    bed.command(Command::close, id, "", 1000);
    bed.command(Command::fail, id);
    bed.command(Command::pause, id);
    bed.command(Command::resume, id);
    CHECK(bed.untilGone(id));
    bed.settle();
    return bed.main.of(id).back();
  };
  Connection& open = bed.open(to);
  CHECK_EQ(terminated(open), "closed 1006");
  Connection& closing = bed.open(to);
  bed.command(Command::close, closing.id, "", 1000);
  bed.settle();
  CHECK_EQ(terminated(closing), "closed 1006");
  Connection& answered = bed.open(to);
  bed.peer(answered).frame(closeFrame(4001));
  bed.settle();
  CHECK_EQ(terminated(answered), "closed 4001");
  Connection& failing = bed.open(to);
  bed.command(Command::fail, failing.id);
  CHECK_EQ(terminated(failing), "closed 1006 ERR_HANDLER_FAILED");
  Connection& paused = bed.open(to);
  bed.command(Command::pause, paused.id);
  CHECK_EQ(terminated(paused), "closed 1006");
  Connection& unread = bed.open(to);
  bed.command(Command::pause, unread.id);
  bed.peer(unread).end();
  bed.settle();
  CHECK_EQ(terminated(unread), "closed 1006");
  Connection& full = bed.open(to);
  bed.command(Command::send, full.id, std::string(4 << 20, 'x'));
  bed.settle();
  CHECK_EQ(terminated(full), "closed 1006");
  bed.service.forEach([](Connection&) { FAIL("somebody is left"); });
}

TEST_CASE("close: whoever hears of the opening may end it there and then") {
  Bed bed;
  bed.main.onOpened = [&](Connection& connection) {
    if (connection.id.slot % 2 == 0) {
      bed.service.terminate(connection);
    } else {
      bed.service.close(connection, 1000, {});
    }
  };
  bed.connector.plan = [](const Connection&) { return Attempt{.early = "\x81\x01x"}; };
  const ConnectionId first = bed.ask();
  const ConnectionId second = bed.ask();
  CHECK(bed.untilEvent(first, "closed 1006"));
  bed.connector.peer(second).end();
  CHECK(bed.untilGone(second));
  CHECK_EQ(bed.main.of(first), Events{"opened", "closed 1006"});
  CHECK_EQ(bed.main.of(second).front(), "opened");
  CHECK(bed.main.of(second).back().starts_with("closed 1006"));
}

TEST_CASE("close: in the middle of a batch of messages, nothing more of it is told") {
  Bed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  bed.main.onMessage = [&](Connection& from, std::string_view text) {
    if (text == "2") bed.service.terminate(from);
  };
  bed.peer(connection)
      .write(wire(Role::client, {Frame{0x81, "1"}, Frame{0x81, "2"}, Frame{0x81, "3"}}));
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "text 1", "text 2", "closed 1006"});
}

TEST_CASE("close: a user who paused still hears of a close frame that was read, and of its end") {
  Bed bed;
  auto to = endpoint();
  to->closeTimeout = 20'000;
  Connection& connection = bed.open(to);
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  const uint64_t begun = monotonicNow();
  // As the main thread does that has had enough, after the worker has read all of it.
  bed.main.onMessage = [&](Connection& from, std::string_view) { bed.service.pause(from, true); };
  peer.write(wire(Role::client, {Frame{0x81, "much"}, closeFrame(1000)}));
  CHECK(bed.untilHeard(peer, "close 1000"));
  bed.command(Command::resume, id);
  bed.command(Command::pause, id);
  peer.end();
  CHECK(bed.untilGone(id));
  CHECK_LE(monotonicNow() - begun, 5000);
  CHECK_EQ(bed.main.of(id), Events{"opened", "text much", "closed 1000"});
}

TEST_CASE("close: raw, what is queued goes out first, and what still comes is told") {
  Bed bed;
  Connection& connection = bed.open(endpoint(Kind::raw));
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.raw = true;
  const std::string much(3 << 20, 'x');
  bed.command(Command::send, id, much);
  bed.command(Command::close, id, "", 1000);
  peer.write("last words");
  CHECK(bed.untilEnd(peer));
  CHECK_EQ(peer.received.size(), much.size());
  peer.end();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "data last words", "closed 1000"});
}

TEST_CASE("close: raw, of a paused connection whose peer has gone, takes no time-out") {
  for (const bool tcp : {false, true}) {
    Bed bed;
    if (tcp) bed.connector.sockets = [] { return tcpPair(); };
    Connection& connection = bed.open(endpoint(Kind::raw));
    const ConnectionId id = connection.id;
    bed.command(Command::pause, id);
    bed.peer(connection).write("last words");
    bed.settle();
    if (tcp) {
      bed.peer(connection).reset();
    } else {
      bed.peer(connection).end();
    }
    bed.settle();
    const uint64_t begun = monotonicNow();
    bed.command(Command::close, id, "", 1000);
    CHECK(bed.untilGone(id));
    CHECK_LE(monotonicNow() - begun, 5000);
    CHECK_EQ(bed.main.of(id)[1], "data last words");
  }
}

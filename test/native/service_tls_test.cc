// The service over TLS: what OpenSSL holds, no poller reports.
#include "service_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

struct TlsBed : Bed {
  TlsBed() {
    connector.tls = true;
    connector.sockets = [] { return tcpPair(); };
  }
};

}  // namespace

TEST_CASE("tls: messages of all sizes go both ways") {
  TlsBed bed;
  Connection& connection = bed.open();
  Peer& peer = bed.peer(connection);
  const size_t sizes[] = {0, 1, 125, 16'384, 16'385, 65'000, 700'000};
  for (const size_t size : sizes) {
    bed.command(Command::send, connection.id, std::string(size, 'x'), 0, flag::binary);
    peer.frame({0x82, std::string(size, 'y')});
  }
  CHECK(bed.until([&] {
    peer.pump();
    return peer.events.size() == std::size(sizes) &&
           bed.events(connection).size() == std::size(sizes) + 1;
  }));
  CHECK_EQ(peer.events.back(), "binary 700000 bytes");
  CHECK_EQ(bed.events(connection).back(), "binary 700000 bytes");
}

TEST_CASE(
    "tls: an end without close_notify is a lost connection, one with it is so too, unframed") {
  for (const bool notify : {false, true}) {
    TlsBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    bed.peer(connection).text("x");
    CHECK(bed.untilEvent(id, "text x"));
    if (notify) SSL_shutdown(bed.peer(connection).ssl());
    bed.peer(connection).end();
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"opened", "text x", "closed 1006 ERR_CONNECTION_LOST"});
  }
}

TEST_CASE("tls: after the close frames the peer hears close_notify; its own may be missing") {
  for (const bool notify : {true, false}) {
    TlsBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    bed.command(Command::close, id, "", 1000);
    CHECK(bed.untilHeard(peer, "close 1000"));
    peer.frame({0x88, closing(1000)});
    bed.settle();
    if (notify) {
      peer.halfClose();
    } else {
      shutdown(peer.fd(), SHUT_WR);  // after which OpenSSL sends nothing more either
    }
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1000"});
    peer.pump();
    CHECK(peer.sawEnd);
    CHECK_EQ(peer.truncated, !notify);
  }
}

TEST_CASE("tls: bytes that are no TLS lose the connection") {
  TlsBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  CHECK_EQ(send(bed.peer(connection).fd(), "this is no record", 17, 0), 17);
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 ERR_CONNECTION_LOST"});
  CHECK_EQ(bed.main.factsOf(id).get("errno"), "EPROTO");
}

TEST_CASE("tls: what OpenSSL holds when a user pauses comes when it is resumed") {
  TlsBed bed;
  Connection& connection = bed.open();
  Peer& peer = bed.peer(connection);
  bed.main.onMessage = [&](Connection& from, std::string_view) { bed.service.pause(from, true); };
  // Many records at once: reading ahead takes several of them out of the kernel.
  const size_t count = 20;
  for (size_t i = 0; i < count; i++) peer.text(std::string(14'000, 'x') + std::to_string(i));
  size_t seen = 0;
  while (seen < count) {
    CHECK(bed.until([&] {
      peer.pump();
      return bed.events(connection).size() > seen + 1;
    }));
    seen = bed.events(connection).size() - 1;
    bed.settle();
    CHECK_EQ(bed.events(connection).size(), seen + 1);
    bed.command(Command::resume, connection.id);
  }
  CHECK_EQ(seen, count);
}

TEST_CASE("tls: what OpenSSL holds when the consumer is full comes when there is room") {
  TlsBed bed;
  Connection& connection = bed.open();
  Peer& peer = bed.peer(connection);
  bed.main.onMessage = [&](Connection&, std::string_view) { bed.main.full = true; };
  const size_t count = 20;
  for (size_t i = 0; i < count; i++) peer.text(std::string(14'000, 'x') + std::to_string(i));
  CHECK(bed.until([&] {
    peer.pump();
    if (bed.service.find(connection.id)->input.stalled()) {
      bed.main.full = false;
      bed.service.resumeStalled();
    }
    return bed.events(connection).size() == count + 1;
  }));
}

TEST_CASE("tls: a peer that never stops sending leaves the others their turn") {
  TlsBed bed;
  Connection& busy = bed.open();
  Connection& other = bed.open();
  Peer& peer = bed.peer(busy);
  // Each message brings the next one before the read is over: OpenSSL always holds something.
  const Octets two = wire(
      Role::client, {Frame{0x82, std::string(20'000, 'x')}, Frame{0x82, std::string(20'000, 'x')}});
  size_t sent = 0;
  bed.main.onMessage = [&](Connection& from, std::string_view) {
    if (&from == &busy && sent++ < 20'000) peer.write(two);
  };
  peer.write(two);
  bed.peer(other).text("me too");
  CHECK(bed.untilEvent(other.id, "text me too"));
  CHECK_LT(sent, 20'000);
  bed.main.onMessage = nullptr;
}

TEST_CASE("tls: keys may change in the middle of the traffic, on either side's demand") {
  TlsBed bed;
  Connection& connection = bed.open();
  Peer& peer = bed.peer(connection);
  REQUIRE_EQ(SSL_version(connection.ssl()), TLS1_3_VERSION);
  for (int i = 0; i < 10; i++) {
    SSL* const side = i % 2 == 0 ? peer.ssl() : connection.ssl();
    CHECK_EQ(SSL_key_update(side, SSL_KEY_UPDATE_REQUESTED), 1);
    peer.text("in " + std::to_string(i));
    bed.command(Command::send, connection.id, "out " + std::to_string(i));
    CHECK(bed.untilEvent(connection.id, "text in " + std::to_string(i)));
    CHECK(bed.untilHeard(peer, "text out " + std::to_string(i)));
  }
}

TEST_CASE("tls: a write that stands still goes on where it was, whatever was queued meanwhile") {
  TlsBed bed;
  bed.connector.sockets = [] { return tcpPair(8 * 1024); };
  Connection& connection = bed.open();
  Peer& peer = bed.peer(connection);
  peer.reads = false;
  size_t total = 0;
  std::string heard;
  peer.onMessage = [&](Opcode, std::string_view text) { heard += text; };
  std::string sent;
  for (int i = 0; i < 60; i++) {
    std::string message(1 + static_cast<size_t>(i) * 977 % 30'000, static_cast<char>('a' + i % 26));
    bed.command(Command::send, connection.id, message);
    sent += message;
    total += message.size();
    bed.host.turn(bed.service, 0);  // the queue grows, moves and is tried again
  }
  peer.reads = true;
  CHECK(bed.until([&] {
    peer.pump();
    return heard.size() >= total;
  }));
  CHECK(heard == sent);
}

TEST_CASE("tls: the busiest connections keep OpenSSL's buffers, for a while") {
  TlsBed bed;
  Connection& busy = bed.open();
  Connection& idle = bed.open();
  Connection& gone = bed.open();
  for (const char* text : {"one", "two"}) {
    bed.peer(busy).text(text);
    bed.peer(gone).text(text);
    CHECK(bed.untilEvent(busy.id, "text " + std::string(text)));
    CHECK(bed.untilEvent(gone.id, "text " + std::string(text)));
    CHECK(keepsBuffers(busy));
    CHECK_FALSE(keepsBuffers(idle));
  }
  const ConnectionId id = gone.id;
  bed.command(Command::terminate, id);
  CHECK(bed.untilGone(id));
  CHECK(bed.until([&] { return !keepsBuffers(busy); }));
  bed.peer(busy).text("three");
  CHECK(bed.untilEvent(busy.id, "text three"));
  CHECK(keepsBuffers(busy));
}

TEST_CASE("tls: raw bytes, and the end of each direction") {
  TlsBed bed;
  Connection& connection = bed.open(endpoint(Kind::raw));
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.raw = true;
  bed.command(Command::send, id, "abc");
  bed.command(Command::end, id);
  CHECK(bed.untilEnd(peer));
  CHECK_EQ(peer.received, "abc");
  CHECK_FALSE(peer.truncated);
  peer.write("still here");
  CHECK(bed.untilEvent(id, "data still here"));
  peer.halfClose();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id).back(), "closed 1000");
}

TEST_CASE("tls: a client that comes in is served like any other") {
  TlsBed bed;
  Recorder sink;
  Connection& connection = bed.accept(sink);
  bed.peer(connection).text("hello");
  bed.settle();
  CHECK_EQ(sink.of(connection.id), Events{"opened", "text hello"});
}

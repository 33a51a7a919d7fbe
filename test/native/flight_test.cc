// What is recorded of connections, in what order, and who may read it when.
#include "flight_bed.h"

#include <openssl/ssl.h>

#include <atomic>
#include <thread>

using namespace lwspool;
using namespace lwspool::test;

using Kinds = std::vector<Flight>;

TEST_CASE("flight: the ring keeps the latest entries and counts those that are lost") {
  FlightRecorder recorder({8, 1, 2}, {3, 4}, 5);
  CHECK(Flown(recorder.copy()).entries.empty());
  for (uint32_t i = 0; i < 20; i++) recorder.note(Flight::read, i, i + 1, 9);
  const Flown all(recorder.copy());
  CHECK_EQ(all.header.channel, 1);
  CHECK_EQ(all.header.worker, 2);
  CHECK_EQ(all.header.slot, 3);
  CHECK_EQ(all.header.generation, 4);
  CHECK_EQ(all.header.group, 5);
  CHECK_EQ(all.header.capacity, 8);
  CHECK_EQ(all.header.lost, 12);
  REQUIRE_EQ(all.entries.size(), 8);
  CHECK_EQ(all.entries.front().a, 12);
  CHECK_EQ(all.entries.back().a, 19);
  CHECK_EQ(all.entries.back().b, 20);
  CHECK_EQ(all.entries.back().detail(), 9);
  const Flown last(recorder.copy(3));
  CHECK_EQ(last.header.lost, 17);
  REQUIRE_EQ(last.entries.size(), 3);
  CHECK_EQ(last.entries.front().a, 17);
  const double now = last.header.offset + static_cast<double>(last.entries.back().time()) / 1e3;
  CHECK_LT(std::abs(now - static_cast<double>(time(nullptr)) * 1e3), 10'000);
}

TEST_CASE("flight: entries stay in order where the time was looked at before") {
  FlightRecorder recorder({4, 1, 2}, {3, 4}, 5);
  recorder.noteAt(100, Flight::read, 1);
  recorder.noteAt(90, Flight::written, 2, 3);
  recorder.noteAt(110, Flight::closed, 4);
  const Flown flown(recorder.copy());
  CHECK_EQ(flown.entries[1].time(), 100);
  CHECK_EQ(flown.entries[2].time(), 110);
}

TEST_CASE("flight: sizes are rounded up to powers of two") {
  CHECK_EQ(roundedFlight(0), 0);
  CHECK_EQ(roundedFlight(1), 1);
  CHECK_EQ(roundedFlight(3), 4);
  CHECK_EQ(roundedFlight(256), 256);
  CHECK_EQ(roundedFlight(16'383), 16'384);
}

TEST_CASE("flight: nothing is recorded where nobody asked for it") {
  LeaseBed bed;
  Connection& connection = bed.open();
  CHECK(connection.flight() == nullptr);
  CHECK(copyFlight(bed.channel.slots, connection.id).empty());
}

TEST_CASE("flight: from the queue to the first messages, and no more of it once it is over") {
  FlightBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  CHECK_EQ(bed.of(id).kinds(),
           Kinds{Flight::queued, Flight::begun, Flight::attempt, Flight::opened});
  bed.command(Command::send, id, "hello");
  bed.command(Command::ping, id, "p");
  CHECK(bed.untilHeard(bed.peer(connection), "ping p"));
  bed.peer(connection).frame({0x89, "abc"});
  CHECK(bed.untilEvent(id, "ping abc"));
  bed.peer(connection).frame({0x8A, "p"});
  CHECK(bed.untilEvent(id, "pong p"));
  bed.settle();
  const Flown flown = bed.of(id);
  CHECK_EQ(flown.header.channel, 7);
  CHECK_EQ(flown.header.worker, 3);
  REQUIRE(flown.first(Flight::written) != nullptr);
  CHECK_EQ(flown.first(Flight::written)->a, 6 + 5 + 6 + 1);
  CHECK_EQ(flown.first(Flight::pingSent)->a, 1);
  REQUIRE(flown.first(Flight::read) != nullptr);
  CHECK_EQ(flown.first(Flight::read)->a, 2 + 3);
  CHECK_EQ(flown.first(Flight::pingReceived)->a, 3);
  CHECK_EQ(flown.first(Flight::pongSent)->a, 3);
  CHECK_EQ(flown.first(Flight::pongReceived)->a, 1);

  std::vector<std::string> all;
  CHECK(copyFlights(bed.channel.slots, 0, all));
  CHECK_EQ(all.size(), 1);
  CHECK_FALSE(copyFlights(bed.channel.slots, 1, all));

  bed.command(Command::terminate, id);
  CHECK(bed.untilGone(id));
  CHECK(copyFlight(bed.channel.slots, id).empty());
  CHECK(bed.main.factsOf(id).get("flightRecord").empty());
}

TEST_CASE("flight: a connection that is lost takes its record along, with the kernel's view") {
  FlightBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.text("x");
  CHECK(bed.untilEvent(id, "text x"));
  peer.reset();
  CHECK(bed.untilGone(id));
  const Flown flown = bed.attached(id);
  REQUIRE(flown.first(Flight::error) != nullptr);
  CHECK_EQ(flown.first(Flight::error)->a, ECONNRESET);
  CHECK(flown.first(Flight::tcpInfo) != nullptr);
  REQUIRE(flown.first(Flight::closed) != nullptr);
  CHECK_EQ(flown.first(Flight::closed)->a, 1006);
  CHECK_EQ(flown.kinds().back(), Flight::closed);
}

TEST_CASE("flight: what a worker leaves behind when it ends can still be read") {
  FlightBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  bed.hold(id);
  bed.service.revokeAll();
  bed.service.destroyed(connection);
  CHECK_EQ(bed.of(id).kinds().back(), Flight::leaseRevoked);
  CHECK_EQ(Flown(copyFlight(bed.channel.slots, id, 1)).entries.size(), 1);
}

TEST_CASE("flight: a peer that breaks the protocol") {
  FlightBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  bed.peer(connection).frame({0x83, "x"});  // no such opcode
  CHECK(bed.untilHeard(bed.peer(connection), "close 1002"));
  bed.peer(connection).end();
  CHECK(bed.untilGone(id));
  const Flown flown = bed.attached(id);
  CHECK_EQ(flown.first(Flight::error)->a, 0);
  CHECK_EQ(flown.first(Flight::error)->b, 1002);
  CHECK_EQ(flown.first(Flight::closeSent)->a, 1002);
}

TEST_CASE("flight: an opening that fails has tried each address") {
  FlightBed bed;
  auto to = endpoint();
  to->addresses = {"192.0.2.1", "192.0.2.2"};
  bed.connector.plan = [](const Connection&) { return Attempt{Attempt::End::failsAtOnce}; };
  const ConnectionId id = bed.ask(to);
  CHECK(bed.untilEvent(id, "failed ERR_CONNECTION_REFUSED"));
  const Flown flown = bed.attached(id);
  CHECK_EQ(flown.kinds(), Kinds{Flight::queued, Flight::begun, Flight::attempt, Flight::attempt});
  CHECK_EQ(flown.entries[3].a, 1);
  CHECK(copyFlight(bed.channel.slots, id).empty());
}

TEST_CASE("flight: leases, and what their holders move") {
  FlightBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Held held = bed.hold(id);
  bed.peer(connection).text("parks it");
  CHECK(bed.until([&] { return connection.polling.parked(); }));
  bed.requestLease(id, 11, false);
  bed.settle();
  uint8_t bytes[64];
  IoResult result{};
  CHECK(bed.mainLeases.readSocket(held, bytes, sizeof bytes, result));
  CHECK_EQ(bed.release(held), Why::none);
  const Held shared = bed.granted(id, 11);
  CHECK_EQ(bed.release(shared), Why::none);
  bed.settle();
  const Flown flown = bed.of(id);
  CHECK_EQ(flown.count(Flight::leaseGranted), 2);
  CHECK_EQ(flown.count(Flight::leaseReturned), 2);
  CHECK_EQ(flown.first(Flight::leaseGranted)->a, static_cast<uint32_t>(held.token));
  CHECK_EQ(flown.first(Flight::leaseGranted)->b, 1);
  CHECK_EQ(flown.count(Flight::parked), 1);
  CHECK_EQ(flown.count(Flight::rejoined), 1);
  CHECK_EQ(flown.first(Flight::leaseRequested)->a, 11);
  CHECK_EQ(flown.first(Flight::read)->a, 10);
  CHECK_EQ(flown.first(Flight::read)->detail(), 1);
}

TEST_CASE("flight: what monitoring looks at for itself takes nobody's place") {
  FlightBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Kinds before = bed.of(id).kinds();
  const auto look = [&] { return bed.mainLeases.take(id, false, false, 0, true); };
  const int64_t token = look();
  REQUIRE_GT(token, 0);
  bool closing = false;
  CHECK(bed.mainLeases.release({id, static_cast<uint64_t>(token)}, -1, closing));
  CHECK_EQ(bed.of(id).kinds(), before);

  // Nor where the connection ends meanwhile; whoever else looks is in it as ever.
  REQUIRE_GT(look(), 0);
  bed.hold(id, false);
  bed.service.revokeAll();
  bed.service.destroyed(connection);
  const Flown flown = bed.of(id);
  CHECK_EQ(flown.count(Flight::leaseGranted), 1);
  CHECK_EQ(flown.count(Flight::leaseRevoked), 1);
}

TEST_CASE("flight: a lease that is tainted, one that expires, one that is revoked") {
  FlightBed bed;
  Connection& tainted = bed.open();
  Held held = bed.hold(tainted.id);
  const ConnectionId id = tainted.id;
  IoResult result{};
  const Octets part = LeaseBed::toPeer({0x81, "message"});
  CHECK(bed.mainLeases.writeSocket(held, part.data(), 3, result));
  CHECK_EQ(bed.release(held), Why::none);
  CHECK(bed.untilGone(id));
  const Flown broken = bed.attached(id);
  CHECK_EQ(broken.count(Flight::leaseTainted), 1);
  CHECK_EQ(broken.first(Flight::written)->a, 3);
  CHECK(broken.first(Flight::error) != nullptr);

  Connection& expired = bed.open();
  bed.hold(expired.id, true, 1);
  CHECK(bed.until([&] { return bed.of(expired.id).count(Flight::leaseExpired) > 0; }));
  bed.settle();
  bed.hold(expired.id, false);
  bed.command(Command::terminate, expired.id);
  std::string last;
  CHECK(bed.until([&] {
    const std::string bytes = copyFlight(bed.channel.slots, expired.id);
    if (!bytes.empty()) last = bytes;
    return bytes.empty();
  }));
  CHECK_EQ(Flown(last).count(Flight::leaseRevoked), 1);
}

TEST_CASE("flight: messages of TLS by type and length, until somebody has the SSL object") {
  FlightBed bed(true);
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.text("brings the tickets");
  CHECK(bed.untilEvent(id, "text brings the tickets"));
  const Flown flown = bed.of(id);
  REQUIRE(flown.first(Flight::tlsReceived) != nullptr);
  CHECK_EQ(flown.first(Flight::tlsReceived)->a,
           SSL3_RT_HANDSHAKE << 16 | SSL3_MT_NEWSESSION_TICKET);
  CHECK_GT(flown.first(Flight::tlsReceived)->b, 0);

  // Whoever has the object may use it without the lock: what he does is not written down.
  const size_t before = flown.count(Flight::tlsSent);
  Held held = bed.hold(id);
  SSL* ssl = nullptr;
  CHECK(bed.mainLeases.exposeTls(held, ssl));
  CHECK_EQ(SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
  CHECK_EQ(SSL_do_handshake(ssl), 1);
  CHECK_EQ(bed.of(id).count(Flight::tlsSent), before);
  bed.mainLeases.dropTls(ssl);
  CHECK_EQ(bed.release(held), Why::none);
  bed.settle();

  // An alert of the peer's.
  SSL_shutdown(peer.ssl());
  peer.end();
  CHECK(bed.untilGone(id));
  const Flown last = bed.attached(id);
  bool closed = false;
  for (const FlightEntry& entry : last.entries) {
    if (entry.kind() != Flight::tlsReceived || entry.a >> 16 != SSL3_RT_ALERT) continue;
    closed = (entry.a & 0xFFFF) == (SSL3_AL_WARNING << 8 | SSL_AD_CLOSE_NOTIFY);
  }
  CHECK(closed);
}

TEST_CASE("flight: other threads read and lease while the worker serves") {
  for (const bool tls : {false, true}) {
    FlightBed bed(tls, 32);
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    std::atomic<bool> done{false};
    std::atomic<size_t> seen{0};
    std::thread reader([&] {
      while (!done) {
        std::vector<std::string> all;
        copyFlights(bed.channel.slots, 0, all);
        for (const std::string& bytes : all)
          seen += (bytes.size() - sizeof(FlightHeader)) / sizeof(FlightEntry);
      }
    });
    Leases others(std::shared_ptr<Channel>(std::shared_ptr<void>(), &bed.channel), Source::main);
    std::thread holder([&] {
      while (!done) {
        const int64_t token = others.take(id, true, false, 0);
        if (token > 0) others.release({id, static_cast<uint64_t>(token)}, -1);
      }
    });
    for (int i = 0; i < 200; i++) {
      const std::string text = std::to_string(i);
      bed.peer(connection).text(text);
      bed.command(Command::send, id, text);
      CHECK(bed.untilEvent(id, "text " + text));
    }
    CHECK(bed.until([&] { return seen > 0; }));
    done = true;
    reader.join();
    holder.join();
    bed.settle();
    CHECK_EQ(bed.of(id).entries.size(), 32);
  }
}

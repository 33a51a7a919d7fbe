// Connections that are taken away from the pool for good.
#include <thread>

#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// Blocks until so much has come, as whoever has the connection now may do.
std::string receiveAll(int fd, size_t size) {
  std::string all(size, '\0');
  size_t got = 0;
  while (got < size) {
    pollfd ready{fd, POLLIN, 0};
    if (poll(&ready, 1, 10'000) != 1) break;
    const ssize_t piece = recv(fd, all.data() + got, size - got, 0);
    if (piece <= 0) break;
    got += static_cast<size_t>(piece);
  }
  all.resize(got);
  return all;
}

}  // namespace

TEST_CASE("lease: a detached connection goes on without the pool, which closes its own") {
  TcpLeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  const Octets frame = LeaseBed::toUs({0x81, "begun before"});
  peer.write({frame.begin(), frame.begin() + 6});
  CHECK(bed.until([&] { return connection.decoder->leftoverSize() == 6; }));
  Held held = bed.hold(id);
  bed.duplicate(held);
  bed.requestLease(id, 1, true);
  const uint64_t socket = inodeOf(connection.fd());
  const int number = connection.fd();

  Detached detached;
  CHECK(bed.mainLeases.detach(held, 0, detached));
  CHECK_EQ(octets(detached.leftover), Octets(frame.begin(), frame.begin() + 6));
  CHECK_EQ(detached.ssl, nullptr);
  CHECK_NE(detached.fd, number);
  CHECK_EQ(inodeOf(detached.fd), socket);
  CHECK_NE(inodeOf(number), socket);  // a dummy, for libwebsockets to close
  CHECK_NE(inodeOf(number), 0);
  CHECK_EQ(bed.mainLeases.check(held).refusal, Why::notHeld);
  CHECK_EQ(bed.take(id), kClosed);
  CHECK_EQ(bed.release(held), Why::notHeld);  // which closes the duplicate

  bed.command(Command::send, id, "nowhere to go");
  peer.write({frame.begin() + 6, frame.end()});  // the poll set knows nothing of it
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 detached"});
  bed.settle();
  peer.pump();
  CHECK_FALSE(peer.sawEnd);
  CHECK_EQ(peer.events, Events{});
  CHECK_EQ(octets(detached.leftover + receiveAll(detached.fd, frame.size() - 6)), frame);
  const Octets answer = LeaseBed::toPeer({0x81, "and on it goes"});
  CHECK_EQ(send(detached.fd, answer.data(), answer.size(), MSG_NOSIGNAL), answer.size());
  CHECK(bed.untilHeard(peer, "text and on it goes"));
  ::close(detached.fd);
  CHECK(bed.untilEnd(peer));

  // The slot is as good as new.
  bed.channel.slots.release(id);
  Connection& next = bed.open();
  CHECK_EQ(next.id.slot, id.slot);
  CHECK(bed.alive(next));
}

TEST_CASE("lease: only who holds it exclusively detaches a connection") {
  LeaseBed bed;
  Connection& connection = bed.open();
  Detached detached;
  CHECK_EQ(bed.mainLeases.detach(bed.hold(connection.id, false), 0, detached).refusal,
           Why::notHeld);
  CHECK_EQ(bed.mainLeases.detach({{77'777, 1}, 1}, 0, detached).refusal, Why::notHeld);
  CHECK_EQ(detached.fd, -1);
  CHECK(bed.alive(connection));
}

TEST_CASE("lease: whatever else ends a detached connection, it is detached") {
  for (const bool terminates : {false, true}) {
    LeaseBed bed;
    auto to = endpoint();
    to->closeTimeout = 1;
    Connection& connection = bed.open(to);
    const ConnectionId id = connection.id;
    const Held held = bed.hold(id);
    if (!terminates) bed.command(Command::close, id, "", 1000);
    Detached detached;
    CHECK(bed.mainLeases.detach(held, 0, detached));
    if (terminates) bed.command(Command::terminate, id);
    usleep(2'000);
    bed.service.timer();
    bed.service.revokeAll();
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 detached"});
    Peer& peer = bed.connector.peer(id);
    peer.pump();
    CHECK_FALSE(peer.sawEnd);
    ::close(detached.fd);
  }
}

TEST_CASE(
    "lease tls: a detached SSL object works on, both ways, and its peer hears nothing of it") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX_set_max_proto_version(TlsFixture::instance().client(), version);
    TcpLeaseBed bed(true);
    Connection& connection = bed.open();
    SSL_CTX_set_max_proto_version(TlsFixture::instance().client(), 0);
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    CHECK(bed.alive(connection));
    const Held held = bed.hold(id);
    // Some of what comes is in OpenSSL already when it changes hands.
    for (int i = 0; i < 5; i++) peer.text("message " + std::to_string(i));
    const Octets frame = LeaseBed::toUs({0x81, "message 0"});
    CHECK_EQ(bed.readAll(held, frame.size()).size(), frame.size());

    Detached detached;
    Leases::Outcome outcome;
    std::atomic<bool> done{false};
    std::thread holder([&] {
      outcome = bed.mainLeases.detach(held, 20'000, detached);
      done = true;
      bed.host.wake();
    });
    CHECK(bed.until([&] { return done.load(); }));
    holder.join();
    REQUIRE(outcome);
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id).back(), "closed 1006 detached");

    std::string got;
    while (got.size() < 4 * frame.size()) {
      char buffer[100];
      const int size = SSL_read(detached.ssl, buffer, sizeof buffer);
      if (size > 0) got.append(buffer, static_cast<size_t>(size));
      if (size > 0) continue;
      REQUIRE_EQ(SSL_get_error(detached.ssl, size), SSL_ERROR_WANT_READ);
      pollfd ready{detached.fd, POLLIN, 0};
      REQUIRE_EQ(poll(&ready, 1, 10'000), 1);
    }
    CHECK_EQ(octets(got.substr(0, frame.size())), LeaseBed::toUs({0x81, "message 1"}));
    const Octets answer = LeaseBed::toPeer({0x81, "and on it goes"});
    CHECK_EQ(SSL_write(detached.ssl, answer.data(), static_cast<int>(answer.size())),
             answer.size());
    CHECK(bed.untilHeard(peer, "text and on it goes"));
    CHECK_FALSE(peer.sawEnd);
    SSL_shutdown(detached.ssl);
    CHECK(bed.untilEnd(peer));
    CHECK_FALSE(peer.truncated);
    SSL_free(detached.ssl);
    ::close(detached.fd);
  }
}

TEST_CASE("lease tls: a worker that never lets go loses the connection, and nothing leaks") {
  TcpLeaseBed bed(true);
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Detached detached;
  CHECK_EQ(bed.mainLeases.detach(bed.hold(id), 10, detached).error, ETIMEDOUT);
  CHECK_EQ(detached.fd, -1);
  CHECK_EQ(detached.ssl, nullptr);
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id).back(), "closed 1006 detached");
  CHECK(bed.untilEnd(bed.connector.peer(id)));
}

TEST_CASE("lease tls: a detached SSL object knows of an end that it has read") {
  TcpLeaseBed bed(true);
  Connection& connection = bed.open(endpoint(Kind::raw));
  const ConnectionId id = connection.id;
  const Held held = bed.hold(id);
  SSL_shutdown(bed.peer(connection).ssl());
  bed.read(held);
  Detached detached;
  std::atomic<bool> done{false};
  std::thread holder([&] {
    CHECK(bed.mainLeases.detach(held, 20'000, detached));
    done = true;
    bed.host.wake();
  });
  CHECK(bed.until([&] { return done.load(); }));
  holder.join();
  REQUIRE_NE(detached.ssl, nullptr);
  CHECK_EQ(SSL_get_shutdown(detached.ssl), SSL_RECEIVED_SHUTDOWN);
  SSL_free(detached.ssl);
  ::close(detached.fd);
}

// Leases over TLS: what OpenSSL holds, and what passes beside it.
#include <random>

#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// Of both versions, whose records differ.
class TlsLeaseBed : public TcpLeaseBed {
 public:
  explicit TlsLeaseBed(int version = TLS1_3_VERSION, int bufferSize = 0)
      : TcpLeaseBed(true, bufferSize) {
    limit(version);
  }
  ~TlsLeaseBed() { limit(0); }

 private:
  static void limit(int version) {
    SSL_CTX_set_max_proto_version(TlsFixture::instance().client(), version);
  }
};

}  // namespace

TEST_CASE("lease tls: bytes that OpenSSL holds come after a lease, though no poller reports them") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsLeaseBed bed(version);
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    REQUIRE_EQ(SSL_version(connection.ssl()), version);
    Peer& peer = bed.peer(connection);
    CHECK(bed.alive(connection));
    const size_t told = bed.events(connection).size();
    const Held held = bed.hold(id);
    for (int i = 0; i < 8; i++) peer.text("message " + std::to_string(i));
    // The holder reads one frame; what was read ahead stays where it is.
    const Octets frame = LeaseBed::toUs({0x81, "message 0"});
    CHECK_EQ(octets(bed.readAll(held, frame.size())), frame);
    bed.wakes = 0;
    bed.release(held);
    CHECK_EQ(bed.wakes, hasPending(connection.ssl()) ? 1 : 0);
    CHECK(bed.untilEvent(id, "text message 7"));
    for (size_t i = 1; i < 8; i++) {
      CHECK_EQ(bed.events(connection)[told + i - 1], "text message " + std::to_string(i));
    }
    CHECK_EQ(bed.events(connection).size(), told + 7);
    CHECK(bed.alive(connection));
  }
}

TEST_CASE("lease tls: buffers that a busy connection keeps are given back behind the lease") {
  TlsLeaseBed bed;
  Connection& leased = bed.open();
  Connection& other = bed.open();
  for (Connection* connection : {&leased, &other}) {
    CHECK(bed.alive(*connection));
    CHECK(keepsBuffers(*connection));
  }
  const Held held = bed.hold(leased.id);
  CHECK(bed.until([&] { return !keepsBuffers(other); }));
  CHECK(keepsBuffers(leased));
  bed.release(held);
  CHECK(bed.until([&] { return !keepsBuffers(leased); }));
  CHECK(bed.alive(leased));
}

TEST_CASE("lease tls: what the worker left in OpenSSL is the holder's, then the worker's again") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsLeaseBed bed(version);
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    bed.main.onMessage = [&](Connection& from, std::string_view) { bed.service.pause(from, true); };
    // More records than are read ahead at once, each one message.
    const std::string text(14'000, 'x');
    for (int i = 0; i < 20; i++) peer.text(text + std::to_string(i));
    CHECK(bed.until([&] { return bed.events(connection).size() > 1; }));
    const size_t told = bed.events(connection).size() - 1;
    const Held held = bed.hold(id);
    const Octets frame = LeaseBed::toUs({0x81, text + std::to_string(told)});
    std::string got;
    if (connection.decoder->betweenFrames()) {
      while (got.size() < frame.size()) {
        peer.pump();
        got += bed.readAll(held, frame.size() - got.size());
      }
      CHECK(octets(got) == frame);
    }
    const size_t taken = got.empty() ? 0 : 1;
    bed.release(held);
    bed.main.onMessage = nullptr;
    bed.command(Command::resume, id);
    CHECK(bed.until([&] {
      peer.pump();
      return bed.events(connection).size() == 21 - taken;
    }));
    bed.settle();
    CHECK_EQ(bed.events(connection).size(), 21 - taken);
  }
}

TEST_CASE("lease tls: an end that the holder reads is told to the pool without a further byte") {
  TlsLeaseBed bed;
  Connection& connection = bed.open(endpoint(Kind::raw));
  const ConnectionId id = connection.id;
  Peer& peer = bed.peer(connection);
  peer.raw = true;
  const Held held = bed.hold(id);
  SSL_shutdown(peer.ssl());  // no FIN
  bed.read(held);
  CHECK_EQ(bed.lastRead.status, IoResult::Status::ended);
  bed.release(held);
  CHECK(bed.untilEvent(id, "ended"));
  bed.command(Command::send, id, "goodbye");
  bed.command(Command::end, id);
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "ended", "closed 1000"});
  peer.pump();
  CHECK_EQ(peer.received, "goodbye");
}

TEST_CASE("lease tls: an error that the holder meets is told to the pool") {
  TlsLeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Held held = bed.hold(id);
  CHECK_EQ(send(bed.peer(connection).fd(), "this is no record", 17, 0), 17);
  bed.read(held);
  CHECK_EQ(bed.lastRead.status, IoResult::Status::broken);
  bed.release(held);
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 ERR_CONNECTION_LOST"});
}

TEST_CASE("lease tls: a write that stands still has to be finished before the lease ends") {
  for (const bool finishes : {true, false}) {
    TlsLeaseBed bed(TLS1_3_VERSION, 8 * 1024);
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Peer& peer = bed.peer(connection);
    const Held held = bed.hold(id);
    const Octets frame = LeaseBed::toPeer({0x82, std::string(2'000'000, 'w')});
    Octets left = frame;
    const auto write = [&] {
      const size_t size = bed.write(held, left);
      left.erase(left.begin(), left.begin() + static_cast<ptrdiff_t>(size));
      return size;
    };
    while (write() > 0) {
    }
    CHECK_EQ(bed.lastWrite.status, IoResult::Status::again);
    while (finishes && !left.empty()) {
      peer.pump();
      write();
    }
    bed.release(held);
    if (finishes) {
      CHECK(bed.untilHeard(peer, "binary 2000000 bytes"));
      CHECK(bed.alive(connection));
    } else {
      CHECK_EQ(bed.taint(id), "a TLS write was left unfinished");
    }
  }
}

TEST_CASE("lease tls: bytes below TLS break it, through the lease or past it") {
  for (const bool reads : {true, false}) {
    for (const bool past : {true, false}) {
      TlsLeaseBed bed;
      Connection& connection = bed.open();
      const ConnectionId id = connection.id;
      CHECK(bed.alive(connection));
      Held held = bed.hold(id);
      if (past) bed.duplicate(held);
      if (reads) {
        bed.peer(connection).text("hello");
        pollfd ready{connection.fd(), POLLIN, 0};
        CHECK_EQ(poll(&ready, 1, 10'000), 1);
      }
      uint8_t buffer[8] = {};
      IoResult result{IoResult::Status::again};
      if (past && reads) {
        CHECK_EQ(recv(held.fd, buffer, sizeof buffer, 0), 8);
      } else if (past) {
        CHECK_EQ(send(held.fd, buffer, sizeof buffer, MSG_NOSIGNAL), 8);
      } else if (reads) {
        CHECK(bed.mainLeases.readSocket(held, buffer, sizeof buffer, result));
      } else {
        CHECK(bed.mainLeases.writeSocket(held, buffer, sizeof buffer, result));
      }
      if (!past) CHECK_EQ(result.bytes, 8);
      bed.release(held);
      std::string why = reads ? "bytes were read " : "bytes were written ";
      CHECK_EQ(bed.taint(id), why + (past ? "past the lease" : "below TLS"));
    }
  }
}

TEST_CASE("lease tls: the SSL object may be used by what nobody sees") {
  for (const bool shutsDown : {false, true}) {
    TlsLeaseBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    CHECK(bed.alive(connection));
    Held held = bed.hold(id);
    SSL* ssl = nullptr;
    CHECK(bed.mainLeases.exposeTls(held, ssl));
    bed.duplicate(held);
    const Octets frame = LeaseBed::toPeer({0x81, "by itself"});
    CHECK_EQ(SSL_write(ssl, frame.data(), static_cast<int>(frame.size())), frame.size());
    bed.peer(connection).text("hello");
    char buffer[7];
    for (int i = 0; i < 1'000 && SSL_read(ssl, buffer, sizeof buffer) != 7; i++) usleep(1'000);
    CHECK_EQ(std::string(buffer + 2, 5), "hello");
    std::string version;
    CHECK(bed.mainLeases.withTls(held, true, [&](SSL* one) { version = SSL_get_version(one); }));
    CHECK_EQ(version, "TLSv1.3");
    if (shutsDown) {
      SSL_shutdown(ssl);
      TlsResult result{};
      CHECK(bed.mainLeases.shutdownTls(held, result));
      CHECK(result.status == TlsResult::Status::done);
    }
    bed.release(held);
    bed.mainLeases.dropTls(ssl);
    if (shutsDown) {
      CHECK_EQ(bed.taint(id), "TLS was shut down");
    } else {
      CHECK(bed.untilHeard(bed.peer(connection), "text by itself"));
      CHECK(bed.alive(connection));
    }
  }
}

TEST_CASE("lease tls: the SSL object outlives its connection while the holder has it") {
  TlsLeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Held held = bed.hold(id);
  SSL* ssl = nullptr;
  CHECK(bed.mainLeases.exposeTls(held, ssl));
  bed.command(Command::terminate, id);
  CHECK(bed.untilGone(id));
  CHECK_EQ(std::string(SSL_get_version(ssl)), "TLSv1.3");
  bed.mainLeases.dropTls(ssl);
}

TEST_CASE("lease tls: keys may change during a lease, on the peer's demand") {
  TlsLeaseBed bed;
  Connection& connection = bed.open();
  Held held = bed.hold(connection.id);
  bed.duplicate(held);
  CHECK_EQ(SSL_key_update(bed.peer(connection).ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  bed.peer(connection).text("new keys");
  const Octets frame = LeaseBed::toUs({0x81, "new keys"});
  CHECK_EQ(octets(bed.readAll(held, frame.size())), frame);
  bed.release(held);
  CHECK(bed.alive(connection));
}

TEST_CASE("lease tls: new keys that could not leave at once go on when they are asked for again") {
  TlsLeaseBed bed(TLS1_3_VERSION, 8 * 1024);
  Connection& connection = bed.open(endpoint(Kind::raw));
  Peer& peer = bed.peer(connection);
  peer.raw = true;
  const Held held = bed.hold(connection.id);
  const auto updated = [&] {
    TlsResult result;
    REQUIRE(bed.mainLeases.updateKeys(held, false, result));
    REQUIRE(result.status != TlsResult::Status::failed);
    return result.status == TlsResult::Status::done;
  };
  std::mt19937 random(1);
  size_t waited = 0;
  size_t written = 0;
  for (int round = 0; round < 1000; round++) {
    Octets left(1 + random() % 300, 'k');
    written += left.size();
    while (!left.empty()) {
      const size_t size = bed.write(held, left);
      left.erase(left.begin(), left.begin() + static_cast<ptrdiff_t>(size));
      if (size == 0) peer.pump();
    }
    if (updated()) continue;
    waited++;
    for (int i = 0; i < 100 && !updated(); i++) peer.pump();
    REQUIRE(updated());
  }
  CHECK_GT(waited, 0u);
  bed.release(held);
  bed.command(Command::send, connection.id, "after");
  CHECK(bed.until([&] {
    peer.pump();
    return peer.received.size() == written + 5;
  }));
}

// Peers that send messages of TLS itself and no data: none holds the thread that reads, and whoever
// sends nothing else is shut out.
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <vector>

#include "lease_bed.h"
#include "tls_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

constexpr int kMost = bio::Socket::kMostMessages;

// So many tickets with the next write; `size`: bytes that the server puts into each.
void tickets(SSL* server, int count, size_t size = 0) {
  if (size > 0) {
    const std::string data(size, 'x');
    SSL_SESSION_set1_ticket_appdata(SSL_get_session(server), data.data(), data.size());
  }
  for (int i = 0; i < count; i++) REQUIRE_EQ(SSL_new_session_ticket(server), 1);
}

void keyUpdates(SSL* server, int count) {
  for (int i = 0; i < count; i++) {
    REQUIRE_EQ(SSL_key_update(server, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    REQUIRE_EQ(SSL_do_handshake(server), 1);
  }
}

void requestsToRenegotiate(SSL* server, int count) {
  SSL_clear_options(server, SSL_OP_NO_RENEGOTIATION);
  for (int i = 0; i < count; i++) {
    REQUIRE_EQ(SSL_renegotiate(server), 1);
    REQUIRE_EQ(SSL_do_handshake(server), 1);
  }
}

using Flood = void (*)(SSL*, int);
struct Case {
  const char* name;
  int version;
  Flood send;
};
const Case kCases[] = {
    {"tickets", TLS1_3_VERSION,
     [](SSL* server, int count) {
       tickets(server, count);
       REQUIRE_EQ(SSL_do_handshake(server), 1);
     }},
    {"new keys", TLS1_3_VERSION, keyUpdates},
    {"requests to renegotiate", TLS1_2_VERSION, requestsToRenegotiate},
};

IoResult readOnce(SSL* ssl, size_t room = 1000) {
  std::vector<uint8_t> buffer(room);
  return receive(-1, ssl, buffer.data(), room);
}

// A connection in a bed, with whatever its peer sends on the way.
struct FloodBed : TcpLeaseBed {
  FloodBed() : TcpLeaseBed(true) {}
  // Lets the loop run until all of it has left; the peer ends in the middle where it is shut out.
  void flood(ConnectionId id, int count, size_t size) {
    SSL* const server = connector.peer(id).ssl();
    tickets(server, count, size);
    REQUIRE(until([&] {
      ERR_clear_error();
      return SSL_do_handshake(server) == 1 || service.find(id) == nullptr;
    }));
  }
};

}  // namespace

TEST_CASE("flood: messages of TLS itself up to the limit are no fault, one more is") {
  for (const Case& one : kCases) {
    CAPTURE(one.name);
    TlsEnds ends(one.version);
    ends.connect();
    TlsEnds::read(ends.client);
    TlsEnds::write(ends.server, "data before");
    CHECK_EQ(TlsEnds::read(ends.client), "data before");
    one.send(ends.server, kMost);
    CHECK(readOnce(ends.client).status == IoResult::Status::again);
    TlsEnds::write(ends.server, "data between");
    CHECK_EQ(TlsEnds::read(ends.client), "data between");
    CHECK(bio::faultOf(ends.client) == nullptr);
    one.send(ends.server, kMost);
    CHECK(readOnce(ends.client).status == IoResult::Status::again);
    one.send(ends.server, 1);
    CHECK(readOnce(ends.client).status == IoResult::Status::broken);
    REQUIRE(bio::faultOf(ends.client) != nullptr);
    CHECK_EQ(bio::faultOf(ends.client)->code, "ERR_TLS_FLOOD");
    // It stays so.
    CHECK(readOnce(ends.client).status == IoResult::Status::broken);
  }
}

TEST_CASE("flood: OpenSSL stops at the limit, and not where its buffer ends") {
  TlsEnds ends;
  ends.connect();
  TlsEnds::write(ends.server, "behind the first tickets");
  TlsEnds::read(ends.client);
  keyUpdates(ends.server, kMost + 200);  // 27 bytes each
  static int seen;
  seen = 0;
  SSL_set_msg_callback(ends.client, [](int sent, int, int type, const void*, size_t, SSL*, void*) {
    if (sent == 0 && type == SSL3_RT_HANDSHAKE) seen++;
  });
  CHECK(readOnce(ends.client).status == IoResult::Status::broken);
  CHECK_EQ(seen, kMost + 1);
}

TEST_CASE("flood: one read takes its share of a turn, says so, and the next goes on") {
  TlsEnds ends;
  ends.connect();
  TlsEnds::read(ends.client);
  constexpr int kCount = 20;
  tickets(ends.server, kCount, 8'000);
  REQUIRE_EQ(SSL_do_handshake(ends.server), 1);
  TlsEnds::write(ends.server, "behind them");
  int reads = 0;
  IoResult result{IoResult::Status::again};
  for (; reads < 100; reads++) {
    result = readOnce(ends.client);
    if (result.status != IoResult::Status::again) break;
    CHECK(result.more);
  }
  CHECK(result.status == IoResult::Status::done);
  CHECK_EQ(result.bytes, 11);
  CHECK_GE(reads, static_cast<int>(kCount * 8'000 / bio::Socket::kPerTurn));
  result = readOnce(ends.client);
  CHECK(result.status == IoResult::Status::again);
  CHECK_FALSE(result.more);
}

TEST_CASE("flood: a handshake reads no more in one call, however much there is") {
  TlsEnds ends;
  const SocketPair sockets = unixPair();
  SSL* const client = SSL_new(ends.clients);
  SSL_set_fd(client, sockets.ours);
  REQUIRE(bio::Socket::place(client));
  SSL_set_connect_state(client);
  // Requests to renegotiate, four bytes each, which OpenSSL skips there.
  std::string records;
  for (int i = 0; i < 10; i++) {
    records += std::string("\x16\x03\x03\x40\x00", 5) + std::string(16 * 1024, '\0');
  }
  CHECK_EQ(send(sockets.theirs, records.data(), records.size(), MSG_NOSIGNAL),
           static_cast<ssize_t>(records.size()));
  int left = 0;
  ioctl(sockets.ours, FIONREAD, &left);
  const int before = left;
  CHECK_EQ(SSL_do_handshake(client), -1);
  CHECK_EQ(SSL_get_error(client, -1), SSL_ERROR_WANT_READ);
  ioctl(sockets.ours, FIONREAD, &left);
  CHECK_EQ(before - left, static_cast<int>(bio::Socket::kPerTurn));
  // The rest is for later calls, and was granted when that one ended.
  SSL_do_handshake(client);
  ioctl(sockets.ours, FIONREAD, &left);
  CHECK_EQ(before - left, static_cast<int>(2 * bio::Socket::kPerTurn));
  SSL_free(client);
  close(sockets.ours);
  close(sockets.theirs);
}

TEST_CASE("flood: what comes behind many tickets is told, though the poller tells of it no more") {
  FloodBed bed;
  const ConnectionId id = bed.open().id;
  bed.flood(id, 50, 8'000);
  bed.connector.peer(id).text("behind them");
  CHECK(bed.untilEvent(id, "text behind them"));
  CHECK(bed.alive(*bed.service.find(id)));
}

TEST_CASE("flood: the others have their turn, and the connection ends with its own code") {
  FloodBed bed;
  const ConnectionId id = bed.open().id;
  Connection& other = bed.open();
  bed.flood(id, kMost + 1, 8'000);
  bed.peer(other).text("me too");
  CHECK(bed.untilEvent(other.id, "text me too"));
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 ERR_TLS_FLOOD"});
  CHECK_EQ(bed.main.factsOf(id).get("limit"), std::to_string(kMost));
}

TEST_CASE("flood: in the middle of the upgrade it ends the attempt") {
  for (const int count : {kMost, kMost + 1}) {
    FloodBed bed;
    bed.connector.plan = [](const Connection&) {
      Attempt attempt{Attempt::End::connected};
      attempt.requested = true;
      return attempt;
    };
    const ConnectionId id = bed.ask();
    bed.host.turn(bed.service, 0);
    bed.flood(id, count - 2, 8'000);  // OpenSSL has sent two by itself
    if (count > kMost) {
      REQUIRE(bed.until([&] { return !bed.main.of(id).empty(); }));
      CHECK_EQ(bed.main.of(id), Events{"failed ERR_TLS_FLOOD"});
      continue;
    }
    bed.connector.peer(id).write(
        octets("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
    CHECK(bed.untilEvent(id, "opened"));
  }
}

TEST_CASE(
    "flood: under a lease a read answers that nothing is there, and in the end that it is lost") {
  FloodBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  bed.settle();
  const Held held = bed.hold(id);
  SSL* const server = bed.peer(connection).ssl();
  tickets(server, kMost + 1, 8'000);
  SSL_do_handshake(server);
  uint8_t buffer[100];
  IoResult result{IoResult::Status::again};
  int reads = 0;
  for (; result.status == IoResult::Status::again && reads < 100'000; reads++) {
    REQUIRE(bed.mainLeases.readTls(held, buffer, sizeof buffer, result));
    ERR_clear_error();
    SSL_do_handshake(server);
  }
  CHECK_GT(reads, 4);
  CHECK(result.status == IoResult::Status::broken);
  bed.release(held);
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id).back(), "closed 1006 ERR_TLS_FLOOD");
}

TEST_CASE("flood: new keys that we ask for are not the peer's doing") {
  FloodBed bed;
  Connection& connection = bed.open();
  const Held held = bed.hold(connection.id);
  for (int i = 0; i < 2 * kMost; i++) {
    TlsResult result{TlsResult::Status::again, {}};
    REQUIRE(bed.mainLeases.updateKeys(held, false, result));
    bed.peer(connection).pump();
    CHECK(result.status == TlsResult::Status::done);
  }
  bed.release(held);
  CHECK(bed.alive(connection));
}

TEST_CASE("flood: an end that OpenSSL has read with the data before it is told at once") {
  TcpLeaseBed bed(true);
  Connection& connection = bed.open(endpoint(Kind::raw));
  const ConnectionId id = connection.id;
  bed.settle();
  Peer& peer = bed.peer(connection);
  const int cork = 1;  // both in one segment
  setsockopt(peer.fd(), IPPROTO_TCP, TCP_CORK, &cork, sizeof cork);
  peer.write("the last");
  SSL_shutdown(peer.ssl());
  const int uncork = 0;
  setsockopt(peer.fd(), IPPROTO_TCP, TCP_CORK, &uncork, sizeof uncork);
  CHECK(bed.untilEvent(id, "data the last"));
  CHECK(bed.untilEvent(id, "ended"));
}

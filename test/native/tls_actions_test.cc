// What a lease can have OpenSSL do, with the kernel willing and unwilling.
#include "../../native/core/lease/tls_actions.h"

#include "tls_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

using Status = TlsResult::Status;

const int kVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

// Keying material, or the reason for there being none.
std::string keying(SSL* ssl, std::string_view label, const std::string* context = nullptr,
                   size_t length = 32) {
  std::string out(length, '\0');
  const auto* data =
      context != nullptr ? reinterpret_cast<const uint8_t*>(context->data()) : nullptr;
  const TlsResult result =
      exportKeyingMaterial(ssl, reinterpret_cast<uint8_t*>(out.data()), length, label, data,
                           context != nullptr ? context->size() : 0, context != nullptr);
  CHECK(result.status != Status::again);
  return result.status == Status::done ? out : "failed: " + result.reason;
}

}  // namespace

TEST_CASE("tls actions: keying material is the same on both sides") {
  const std::string empty;
  const std::string context = "context";
  for (const int version : kVersions) {
    TlsEnds ends(version);
    ends.connect();
    std::vector<std::string> seen;
    for (const std::string* with : {static_cast<const std::string*>(nullptr), &empty, &context}) {
      seen.push_back(keying(ends.client, "EXPORTER-test", with));
      CHECK_EQ(seen.back(), keying(ends.server, "EXPORTER-test", with));
      CHECK_EQ(seen.back().size(), 32u);
    }
    CHECK_EQ(seen[0] == seen[1], version == TLS1_3_VERSION);
    CHECK(seen[1] != seen[2]);
    CHECK(keying(ends.client, "EXPORTER-other") != seen[0]);
    CHECK_EQ(keying(ends.client, "EXPORTER-test", &context, 1000),
             keying(ends.server, "EXPORTER-test", &context, 1000));
  }
}

TEST_CASE("tls actions: keying material that cannot be had") {
  const std::string tooMuch(65'536, 'x');
  for (const int version : kVersions) {
    TlsEnds ends(version);
    ends.connect();
    CHECK_EQ(keying(ends.client, "EXPORTER-test", &tooMuch), "failed: context too long");
    if (version == TLS1_2_VERSION) {
      CHECK_EQ(keying(ends.client, "key expansion"), "failed: tls illegal exporter label");
      CHECK_EQ(keying(ends.client, "EXPORTER-test", nullptr, 65'535).size(), 65'535u);
    } else {
      CHECK_EQ(keying(ends.client, "EXPORTER-test", nullptr, 48 * 255).size(), 48u * 255);
      CHECK(keying(ends.client, "EXPORTER-test", nullptr, 48 * 255 + 1).starts_with("failed: "));
      CHECK(keying(ends.client, std::string(250, 'x')).starts_with("failed: "));
    }
    CHECK_EQ(ERR_peek_error(), 0u);
  }
}

TEST_CASE("tls actions: keys are updated at once, and the peer's on request") {
  TlsEnds ends;
  ends.connect();
  int answers = 0;
  SSL_set_msg_callback(
      ends.client, [](int sent, int, int type, const void* data, size_t size, SSL*, void* count) {
        if (sent == 0 && type == SSL3_RT_HANDSHAKE && size > 0 &&
            *static_cast<const uint8_t*>(data) == SSL3_MT_KEY_UPDATE) {
          ++*static_cast<int*>(count);
        }
      });
  SSL_set_msg_callback_arg(ends.client, &answers);
  for (int round = 1; round <= 3; round++) {
    for (const bool request : {false, true}) {
      CHECK(TlsEnds::write(ends.client, "before ").status == IoResult::Status::done);
      CHECK(updateKeys(ends.client, request).status == Status::done);
      CHECK_EQ(TlsEnds::read(ends.server), "before ");  // and the KeyUpdate, which has left already
      CHECK_EQ(ends.keyUpdates, 2 * round - (request ? 0 : 1));
      TlsEnds::write(ends.client, "after");
      CHECK_EQ(TlsEnds::read(ends.server), "after");
      TlsEnds::write(ends.server, "answer");
      CHECK_EQ(TlsEnds::read(ends.client), "answer");
      CHECK_EQ(answers, round - (request ? 0 : 1));
    }
  }
}

TEST_CASE("tls actions: no new keys in TLS 1.2; the connection goes on") {
  TlsEnds ends(TLS1_2_VERSION);
  ends.connect();
  const TlsResult result = updateKeys(ends.client, true);
  CHECK(result.status == Status::failed);
  CHECK_EQ(result.reason, "wrong ssl version");
  CHECK_EQ(ERR_peek_error(), 0u);
  TlsEnds::write(ends.client, "x");
  CHECK_EQ(TlsEnds::read(ends.server), "x");
}

TEST_CASE("tls actions: new keys and close_notify wait for a record that is half written") {
  for (const bool readsBetween : {false, true}) {
    for (const int version : kVersions) {
      TlsEnds ends(version);
      ends.connect();
      const std::string chunk(16'000, 'x');
      const size_t taken = TlsEnds::fill(ends.client, chunk);
      if (readsBetween) CHECK_EQ(TlsEnds::read(ends.client), "");
      if (version == TLS1_3_VERSION) CHECK(updateKeys(ends.client, false).status == Status::again);
      CHECK(shutdownTls(ends.client).status == Status::again);
      CHECK_EQ(TlsEnds::read(ends.server), std::string(taken, 'x'));
      CHECK(TlsEnds::write(ends.client, chunk).status == IoResult::Status::done);
      if (version == TLS1_3_VERSION) CHECK(updateKeys(ends.client, false).status == Status::done);
      CHECK(TlsEnds::write(ends.client, "last").status == IoResult::Status::done);
      CHECK(shutdownTls(ends.client).status == Status::done);
      CHECK_EQ(TlsEnds::read(ends.server), chunk + "last|");
      CHECK_EQ(ends.keyUpdates, version == TLS1_3_VERSION ? 1 : 0);
    }
  }
}

TEST_CASE("tls actions: new keys do not wait for the rest of a record that comes in") {
  TlsEnds ends;
  const SocketPair inner = unixPair();
  ends.connect();
  TlsEnds::read(ends.client);
  SSL_set_fd(ends.server, inner.ours);
  TlsEnds::write(ends.server, "late");
  uint8_t record[100];
  const ssize_t size = ::read(inner.theirs, record, sizeof record);
  constexpr ssize_t kHead = 5;
  REQUIRE_GT(size, kHead);
  REQUIRE_EQ(::write(ends.sockets.theirs, record, kHead), kHead);
  CHECK_EQ(TlsEnds::read(ends.client), "");
  CHECK(updateKeys(ends.client, false).status == Status::done);
  REQUIRE_EQ(::write(ends.sockets.theirs, record + kHead, size - kHead), size - kHead);
  CHECK_EQ(TlsEnds::read(ends.client), "late");
  SSL_set_fd(ends.server, ends.sockets.theirs);
  TlsEnds::write(ends.client, "anew");
  CHECK_EQ(TlsEnds::read(ends.server), "anew");
  CHECK_EQ(ends.keyUpdates, 1);
  close(inner.ours);
  close(inner.theirs);
}

TEST_CASE("tls actions: new keys wait although unread records lie in OpenSSL") {
  TlsEnds ends;
  ends.connect();
  const std::string chunk(16'000, 'x');
  const size_t taken = TlsEnds::fill(ends.client, chunk);
  TlsEnds::write(ends.server, "one");
  TlsEnds::write(ends.server, "two");
  uint8_t buffer[1];
  CHECK_EQ(receive(-1, ends.client, buffer, 1).bytes, 1u);
  CHECK(updateKeys(ends.client, false).status == Status::again);
  CHECK_EQ(TlsEnds::read(ends.server), std::string(taken, 'x'));
  TlsEnds::write(ends.client, chunk);
  CHECK(updateKeys(ends.client, false).status == Status::done);
  CHECK_EQ(TlsEnds::read(ends.server), chunk);
  CHECK_EQ(ends.keyUpdates, 1);
}

TEST_CASE("tls actions: a KeyUpdate that the kernel does not take leaves later, and once") {
  enum class Next { update, write, read, shutdown };
  for (const Next next : {Next::update, Next::write, Next::read, Next::shutdown}) {
    TlsEnds ends;
    ends.connect();
    const FullSocket full;
    SSL_set_wfd(ends.client, full.fd());
    CHECK(updateKeys(ends.client, false).status == Status::again);
    CHECK(updateKeys(ends.client, false).status == Status::again);
    CHECK(shutdownTls(ends.client).status == Status::again);
    CHECK(TlsEnds::write(ends.client, "x").status == IoResult::Status::again);
    SSL_set_wfd(ends.client, ends.sockets.ours);
    if (next == Next::update) CHECK(updateKeys(ends.client, false).status == Status::done);
    if (next == Next::read) CHECK_EQ(TlsEnds::read(ends.client), "");
    if (next != Next::shutdown) TlsEnds::write(ends.client, "x");
    CHECK(shutdownTls(ends.client).status == Status::done);
    CHECK_EQ(TlsEnds::read(ends.server), next == Next::shutdown ? "|" : "x|");
    CHECK_EQ(ends.keyUpdates, 1);
  }
}

TEST_CASE("tls actions: after close_notify the peer's data and his own can still be read") {
  for (const int version : kVersions) {
    TlsEnds ends(version);
    ends.connect();
    CHECK(shutdownTls(ends.client).status == Status::done);
    CHECK_EQ(TlsEnds::read(ends.server), "|");
    TlsEnds::write(ends.server, "late");
    CHECK(shutdownTls(ends.client).status == Status::done);  // reads nothing
    CHECK_EQ(TlsEnds::read(ends.client), "late");
    CHECK(shutdownTls(ends.server).status == Status::done);
    CHECK_EQ(TlsEnds::read(ends.client), "|");
    CHECK(shutdownTls(ends.client).status == Status::done);
    CHECK(TlsEnds::write(ends.client, "x").status == IoResult::Status::broken);
  }
}

TEST_CASE("tls actions: a close_notify that the kernel does not take leaves later") {
  for (const bool readsBetween : {false, true}) {
    TlsEnds ends;
    ends.connect();
    const FullSocket full;
    SSL_set_wfd(ends.client, full.fd());
    CHECK(shutdownTls(ends.client).status == Status::again);
    if (readsBetween) CHECK_EQ(TlsEnds::read(ends.client), "");
    CHECK(shutdownTls(ends.client).status == Status::again);
    SSL_set_wfd(ends.client, ends.sockets.ours);
    CHECK(shutdownTls(ends.client).status == Status::done);
    CHECK(shutdownTls(ends.client).status == Status::done);
    CHECK_EQ(TlsEnds::read(ends.server), "|");
  }
}

TEST_CASE("tls actions: a connection that is lost says so") {
  for (const bool keys : {false, true}) {
    TlsEnds ends;
    ends.connect(nullptr, tcpPair());
    const linger now{1, 0};
    setsockopt(ends.sockets.theirs, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(std::exchange(ends.sockets.theirs, -1));
    const TlsResult result = keys ? updateKeys(ends.client, false) : shutdownTls(ends.client);
    CHECK(result.status == Status::failed);
    CHECK((result.reason == "EPIPE" || result.reason == "ECONNRESET"));
    CHECK_EQ(ERR_peek_error(), 0u);
  }
}

#include "../../native/core/io/transport.h"

#include <doctest/doctest.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "../../native/core/bio/chain.h"
#include "../../native/core/bio/spec.h"
#include "sockets.h"
#include "tls_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// Reads once, and says whether the kernel had less than it was asked for.
bool drains(int fd, SSL* ssl, size_t room) {
  std::vector<uint8_t> buffer(room);
  const IoResult result = receive(fd, ssl, buffer.data(), room);
  REQUIRE(result.status == IoResult::Status::done);
  return result.drained;
}

}  // namespace

TEST_CASE("transport: a plain read has drained the kernel where it had less than there was room") {
  const SocketPair ends = unixPair();
  for (const char* bytes : {"12345", "12345"}) CHECK_EQ(write(ends.theirs, bytes, 5), 5);
  CHECK_FALSE(drains(ends.ours, nullptr, 4));
  CHECK_FALSE(drains(ends.ours, nullptr, 6));
  CHECK_EQ(write(ends.theirs, "x", 1), 1);
  CHECK(drains(ends.ours, nullptr, 2));
  close(ends.ours);
  close(ends.theirs);
}

TEST_CASE("transport: a TLS read has drained the kernel where OpenSSL's buffer was not filled") {
  TlsEnds ends;
  ends.connect();
  TlsEnds::read(ends.client);  // tickets
  constexpr size_t kRoom = 128 * 1024;

  TlsEnds::write(ends.server, "one");
  TlsEnds::write(ends.server, "two");
  CHECK(drains(-1, ends.client, kRoom));

  // Part of it stays in OpenSSL, and whether there is more behind it cannot be told.
  TlsEnds::write(ends.server, "one");
  TlsEnds::write(ends.server, "two");
  CHECK(drains(-1, ends.client, 3));
  CHECK_FALSE(drains(-1, ends.client, kRoom));

  for (int i = 0; i < 3; i++) TlsEnds::write(ends.server, std::string(16'000, 'x'));
  CHECK_FALSE(drains(-1, ends.client, kRoom));
  TlsEnds::read(ends.client);
  TlsEnds::write(ends.server, "x");
  CHECK(drains(-1, ends.client, kRoom));
}

TEST_CASE("transport: of a record whose head alone was read, no more than the rest is asked for") {
  TlsEnds ends;
  // The server's records go through our hands.
  const SocketPair inner = unixPair();
  ends.connect();
  TlsEnds::read(ends.client);
  SSL_set_fd(ends.server, inner.ours);
  const auto relay = [&](size_t bytes) {
    std::vector<uint8_t> held(bytes);
    const ssize_t got = ::read(inner.theirs, held.data(), held.size());
    REQUIRE_GT(got, 0);
    REQUIRE_EQ(::write(ends.sockets.theirs, held.data(), static_cast<size_t>(got)), got);
  };
  for (const char* text : {"one", "two", "three"}) TlsEnds::write(ends.server, text);
  constexpr size_t kHead = 5;
  relay(kHead);
  uint8_t buffer[1000];
  CHECK(receive(-1, ends.client, buffer, sizeof buffer).status == IoResult::Status::again);
  relay(1000);
  CHECK_FALSE(drains(-1, ends.client, 1000));
  CHECK_EQ(TlsEnds::read(ends.client), "twothree");
  SSL_set_fd(ends.server, ends.sockets.theirs);
  close(inner.ours);
  close(inner.theirs);
}

TEST_CASE("transport: what is called drained holds nothing, whatever BIOs make of it") {
  TlsEnds ends;
  for (const auto kind : {bio::Kind::counter, bio::Kind::recorder, bio::Kind::fault}) {
    ends.connect();
    bio::Spec spec;
    spec.kind = kind;
    spec.records = 10;
    spec.fault.shortReads = 0.5;
    REQUIRE(bio::Chain::push(ends.client, bio::make(spec, {})) == nullptr);
    size_t drained = 0;
    for (size_t size = 1; size < 60'000; size += 1 + size / 7) {
      for (size_t sent = 0; sent < size; sent += 16'000) {
        TlsEnds::write(ends.server, std::string(std::min<size_t>(size - sent, 16'000), 'x'));
      }
      std::vector<uint8_t> buffer(1 + size / 2);
      for (size_t got = 0; got < size;) {
        const IoResult result = receive(-1, ends.client, buffer.data(), buffer.size());
        if (result.status == IoResult::Status::again) continue;
        REQUIRE(result.status == IoResult::Status::done);
        got += result.bytes;
        if (!result.drained) continue;
        int left = -1;
        REQUIRE_EQ(ioctl(ends.sockets.ours, FIONREAD, &left), 0);
        CHECK_EQ(left, 0);
        drained++;
      }
    }
    CHECK_GT(drained, 0u);
  }
}

// FrameCursor and SocketCounts, each by itself.
#include "../../native/core/cell/frame_cursor.h"

#include "../../native/core/cell/socket_counts.h"
#include "sockets.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

Octets masked(std::initializer_list<Frame> frames) { return wire(Role::server, frames); }

// However it is cut, it comes to the same; `cursor` has had all of it.
bool whole(const Octets& bytes, FrameCursor& cursor, bool encodes = false) {
  cursor.feed(bytes.data(), bytes.size(), encodes);
  FrameCursor bytewise;
  for (const uint8_t byte : bytes) bytewise.feed(&byte, 1, encodes);
  CHECK_EQ(bytewise.whole(), cursor.whole());
  CHECK_EQ(bytewise.closeSent(), cursor.closeSent());
  CHECK_EQ(bytewise.encoded(), cursor.encoded());
  return cursor.whole();
}
bool whole(const Octets& bytes) {
  FrameCursor cursor;
  return whole(bytes, cursor);
}

// The counts, once the kernels' talk has come to rest.
SocketCounts settled(int fd) {
  usleep(2'000);
  return countSocket(fd);
}

}  // namespace

TEST_CASE("lease: a cursor knows whole frames and whole messages") {
  CHECK(whole({}));
  CHECK(whole(masked({{0x81, "text"}, {0x82, std::string(200, 'x')}, {0x89, ""}})));
  CHECK(whole(masked({{0x82, std::string(70'000, 'x')}})));
  CHECK(whole(masked({{0x01, "frag"}, {0x89, "ping"}, {0x00, ""}, {0x80, "ments"}})));
}

TEST_CASE("lease: a cursor knows where nothing may follow as it is") {
  const Octets frame = masked({{0x82, std::string(300, 'x')}});
  for (size_t size = 1; size < frame.size(); size++) {
    CHECK_FALSE(whole({frame.begin(), frame.begin() + static_cast<ptrdiff_t>(size)}));
  }
  CHECK_FALSE(whole(masked({{0x01, "the rest is missing"}})));
  CHECK_FALSE(whole(masked({{0x80, "of nothing"}})));
  CHECK_FALSE(whole(masked({{0x01, "a"}, {0x81, "another"}})));
  CHECK_FALSE(whole(wire(Role::client, {0x81, "unmasked"})));
  CHECK_FALSE(whole(octets("GET / HTTP/1.1\r\n\r\n")));
  CHECK_FALSE(whole(masked({{0xC1, "compressed"}})));
  CHECK_FALSE(whole(masked({{0x83, "reserved"}})));
  CHECK_FALSE(whole(masked({{0x09, "ping without FIN"}})));
  CHECK_FALSE(whole(masked({{0x82, "short", 2}})));
  FrameCursor broken;
  CHECK_FALSE(whole(octets("no frame"), broken));
  const Octets good = masked({{0x81, "good"}});
  broken.feed(good.data(), good.size(), false);
  CHECK_FALSE(broken.whole());  // and it stays so
}

TEST_CASE("lease: a cursor knows the close frame, and that it is the last") {
  FrameCursor cursor;
  CHECK(whole(masked({{0x81, "x"}, {0x88, closing(1000, "bye")}}), cursor));
  CHECK(cursor.closeSent());
  const Octets more = masked({{0x81, "x"}});
  cursor.feed(more.data(), more.size(), false);
  CHECK_FALSE(cursor.whole());
  CHECK_FALSE(whole(masked({{0x88, ""}, {0x88, ""}})));
}

TEST_CASE("lease: a cursor knows an encoded message, where an extension was agreed on") {
  FrameCursor plain;
  CHECK(whole(masked({{0x81, "plain"}}), plain, true));
  CHECK_FALSE(plain.encoded());
  FrameCursor cursor;
  CHECK(whole(masked({{0x41, "frag"}, {0x89, "ping"}, {0x80, "ments"}}), cursor, true));
  CHECK(cursor.encoded());
  const auto broken = [](const Octets& bytes) {
    FrameCursor fresh;
    return !whole(bytes, fresh, true);
  };
  CHECK(broken(masked({{0x41, "the rest is missing"}})));
  CHECK(broken(masked({{0x01, "frag"}, {0xC0, "ments"}})));  // RSV1 is of the first frame
  CHECK(broken(masked({{0xC9, "ping"}})));
  CHECK(broken(masked({{0xA1, "RSV2"}})));
}

TEST_CASE("lease: the kernel counts what was taken out of a socket and put into it") {
  const SocketPair pair = tcpPair(8 * 1024);
  Peer peer(pair.theirs, Role::server);
  const SocketCounts before = settled(pair.ours);
  REQUIRE(before.known);
  const auto moved = [&](uint64_t read, uint64_t written) {
    const SocketCounts now = settled(pair.ours);
    CHECK(now.known);
    CHECK_EQ(now.read - before.read, read);
    CHECK_EQ(now.written - before.written, written);
  };
  moved(0, 0);
  peer.write("hello");
  moved(0, 0);  // it came, and nobody has read it
  char buffer[100'000] = {};
  CHECK_EQ(recv(pair.ours, buffer, 2, MSG_PEEK), 2);
  moved(0, 0);
  CHECK_EQ(recv(pair.ours, buffer, 2, 0), 2);
  moved(2, 0);
  // More than the peer's kernel takes: it waits in ours.
  const ssize_t size = send(pair.ours, buffer, sizeof buffer, MSG_NOSIGNAL);
  REQUIRE_GT(size, 0);
  moved(2, static_cast<uint64_t>(size));
  peer.raw = true;
  while (peer.received.size() < static_cast<size_t>(size)) peer.pump();
  moved(2, static_cast<uint64_t>(size));
  // The end of the peer's side is no byte, seen or unseen.
  peer.halfClose();
  moved(2, static_cast<uint64_t>(size));
  CHECK_EQ(recv(pair.ours, buffer, sizeof buffer, 0), 3);
  moved(5, static_cast<uint64_t>(size));
  CHECK_EQ(recv(pair.ours, buffer, sizeof buffer, 0), 0);
  moved(5, static_cast<uint64_t>(size));
  close(pair.ours);
}

TEST_CASE("lease: nothing is known of what is no connection over TCP") {
  CHECK_FALSE(countSocket(-1).known);
  const SocketPair pair = unixPair();
  CHECK_FALSE(countSocket(pair.ours).known);
  close(pair.ours);
  close(pair.theirs);
  const SocketPair gone = tcpPair();
  Peer(gone.theirs, Role::server).reset();
  CHECK_FALSE(settled(gone.ours).known);
  close(gone.ours);
}

TEST_CASE("lease: the counts hold still while the other side sends and acknowledges") {
  const SocketPair pair = tcpPair();
  Peer peer(pair.theirs, Role::server);
  peer.raw = true;
  const SocketCounts before = settled(pair.ours);
  std::string buffer(10'000, 'x');
  uint64_t read = 0;
  uint64_t written = 0;
  for (int i = 0; i < 500; i++) {
    peer.write(buffer);
    const ssize_t sent = send(pair.ours, buffer.data(), 1 + buffer.size() / 3, MSG_NOSIGNAL);
    if (sent > 0) written += static_cast<uint64_t>(sent);
    const ssize_t got = recv(pair.ours, buffer.data(), buffer.size(), 0);
    if (got > 0) read += static_cast<uint64_t>(got);
    peer.pump();
    const SocketCounts now = countSocket(pair.ours);
    REQUIRE(now.known);
    REQUIRE_EQ(now.read - before.read, read);
    REQUIRE_EQ(now.written - before.written, written);
  }
  close(pair.ours);
}

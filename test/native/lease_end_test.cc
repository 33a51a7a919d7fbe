// Leases that do not end by being given back: time runs out, or the connection ends.
#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("lease: one that is held too long ends, whether taken at once or waited for") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  for (const bool exclusive : {true, false}) {
    const Held held = bed.hold(id, exclusive, 20);
    bed.requestLease(id, 1, true, false, 20);
    bed.peer(connection).text("meanwhile");
    usleep(21'000);
    // Over for its holder at once, before the worker has come by.
    CHECK_EQ(bed.mainLeases.check(held).refusal, Why::notHeld);
    CHECK_EQ(bed.release(held), Why::notHeld);
    CHECK(bed.untilEvent(id, "leaseExpired " + std::to_string(held.token)));
    const Held second = bed.granted(id, 1);
    CHECK(bed.untilEvent(id, "leaseExpired " + std::to_string(second.token)));
    CHECK(bed.untilEvent(id, "text meanwhile"));
    CHECK_EQ(bed.release(second), Why::notHeld);
    CHECK(bed.alive(connection));
    bed.main.of(id).clear();
  }
}

TEST_CASE("lease: the worker is woken once to watch the clock, however many leases there are") {
  LeaseBed bed;
  const ConnectionId id = bed.open().id;
  bed.settle();
  bed.wakes = 0;
  for (int i = 0; i < 1'000; i++) {
    bed.release(bed.hold(id, true, 60'000));
    bed.release(bed.hold(id, false, 60'000));
  }
  CHECK_EQ(bed.wakes, 1);
  // One that ends sooner has to be watched for, and then those that are left.
  bed.hold(id, false, 20);
  const Held later = bed.hold(id, false, 120);
  CHECK(bed.until([&] { return bed.main.of(id).back() == "leaseExpired 2001"; }));
  CHECK(bed.until([&] { return bed.main.of(id).back() == "leaseExpired 2002"; }));
  CHECK(bed.release(later) == Why::notHeld);
}

TEST_CASE("lease: of several shared ones each has its own time, and is told on its side") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Held brief = bed.hold(id, false, 10);
  const int64_t other = bed.handlers.take(id, false, false, 30);
  const Held forever = bed.hold(id, false);
  const Held back = bed.hold(id, false, 15);
  bed.release(back);
  bed.run(60);
  CHECK_EQ(bed.events(connection), Events{"opened", "leaseExpired " + std::to_string(brief.token)});
  CHECK_EQ(bed.handler.of(id), Events{"leaseExpired " + std::to_string(other)});
  CHECK(bed.mainLeases.check(forever));
  bed.release(forever);
  CHECK_GT(bed.take(id), 0);
}

TEST_CASE("lease: one that expires with its descriptor in the holder's hands ends the connection") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Held held = bed.hold(id, true, 20);
  bed.duplicate(held);
  CHECK_EQ(bed.taint(id), "it expired with fd or ssl out");
  CHECK_EQ(inodeOf(held.fd), held.inode);  // stays open until its holder closes it
  bed.mainLeases.closeDuplicate(id, held.fd, held.inode);
}

TEST_CASE("lease: what an expired holder left half done breaks the connection") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const Held held = bed.hold(connection.id, true, 20);
  bed.peer(connection).text("hello");
  CHECK_EQ(bed.read(held, 3).size(), 3);
  CHECK_EQ(bed.taint(connection.id), "a frame was read in part");
}

TEST_CASE(
    "lease: the peer ends or resets meanwhile: the holder reads of it, the pool is told once") {
  for (const bool reset : {false, true}) {
    TcpLeaseBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    const Held held = bed.hold(id);
    bed.peer(connection).text("last");
    if (reset) {
      bed.peer(connection).reset();
    } else {
      bed.peer(connection).end();
      CHECK_EQ(bed.read(held), std::string("\x81\x04last"));
    }
    while (!bed.read(held).empty()) {
    }
    CHECK_EQ(bed.lastRead.status, reset ? IoResult::Status::broken : IoResult::Status::ended);
    bed.settle();
    CHECK_EQ(bed.events(connection), Events{"opened"});
    bed.release(held);
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 ERR_CONNECTION_LOST"});
  }
}

TEST_CASE("lease: the connection is terminated under its holder") {
  for (const bool exclusive : {true, false}) {
    LeaseBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Held held = bed.hold(id, exclusive);
    bed.duplicate(held);
    bed.requestLease(id, 1, true);
    bed.command(Command::terminate, id);
    CHECK_EQ(bed.mainLeases.check(held).refusal, Why::notHeld);
    // The peer sees the end, though the holder still has its descriptor.
    CHECK(bed.untilEnd(bed.peer(connection)));
    CHECK(bed.untilGone(id));
    CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006"});
    CHECK_EQ(bed.release(held), Why::notHeld);
    CHECK_NE(inodeOf(held.fd), held.inode);
  }
}

TEST_CASE("lease: the close timeout passes under a holder") {
  LeaseBed bed;
  auto to = endpoint();
  to->closeTimeout = 20;
  Connection& connection = bed.open(to);
  const ConnectionId id = connection.id;
  const Held held = bed.hold(id);
  bed.command(Command::close, id, "", 1000);
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.main.of(id), Events{"opened", "closed 1006 ERR_CLOSE_TIMEOUT"});
  CHECK_EQ(bed.release(held), Why::notHeld);
}

TEST_CASE("lease: all are revoked when the worker ends") {
  LeaseBed bed;
  Connection& one = bed.open();
  Connection& other = bed.open();
  Held exclusive = bed.hold(one.id);
  bed.duplicate(exclusive);
  const Held shared = bed.hold(other.id, false);
  bed.requestLease(one.id, 1, true);
  bed.service.revokeAll();
  CHECK_EQ(bed.mainLeases.check(shared).refusal, Why::notHeld);
  CHECK_EQ(bed.release(exclusive), Why::notHeld);
  CHECK_EQ(bed.take(one.id), kClosed);
  bed.peer(one).pump();
  CHECK(bed.peer(one).sawEnd);
  bed.peer(other).pump();
  CHECK_FALSE(bed.peer(other).sawEnd);
  bed.settle();
}

TEST_CASE("lease: a connection that comes back is closed once, whatever had happened to it") {
  TcpLeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Held held = bed.hold(id);
  bed.command(Command::send, id, "never");
  bed.settle();
  CHECK(bed.mainLeases.shutdownSocket(held, SHUT_WR));
  bed.peer(connection).reset();
  bed.settle();
  bed.release(held);
  CHECK_EQ(bed.taint(id), "the socket was shut down");
  CHECK_EQ(bed.main.of(id).size(), 2);
}

TEST_CASE("lease: a descriptor is closed only while it is the holder's socket") {
  LeaseBed bed;
  Connection& connection = bed.open();
  Held held = bed.hold(connection.id);
  bed.duplicate(held);
  const int other = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup3(other, held.fd, O_CLOEXEC);  // somebody has closed it and got the number for something else
  ::close(other);
  bed.mainLeases.closeDuplicate(held.id, held.fd, held.inode);
  CHECK_NE(inodeOf(held.fd), 0);
  const SocketPair pair = unixPair();
  dup3(pair.ours, held.fd, O_CLOEXEC);
  bed.mainLeases.closeDuplicate(held.id, held.fd, held.inode);
  CHECK_EQ(inodeOf(held.fd), inodeOf(pair.ours));
  for (const int fd : {held.fd, pair.ours, pair.theirs}) ::close(fd);
  bed.mainLeases.closeDuplicate(held.id, held.fd, held.inode);  // or it is nobody's
  bed.mainLeases.release(held, -1);
  // No duplicate is out any more: nothing is shut down before its time.
  CHECK_EQ(connection.cell()->duplicates.count(), 0);
}

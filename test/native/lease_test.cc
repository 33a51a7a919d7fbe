// Who gets a lease, when, and how it ends.
#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("lease: only of a connection that stands; a name of the past reaches nothing") {
  LeaseBed bed;
  CHECK_EQ(bed.take({5'000, 1}), kNotEstablished);
  bed.connector.plan = [](const Connection&) { return Attempt{Attempt::End::onDemand}; };
  const ConnectionId id = bed.ask();
  CHECK_EQ(bed.take(id), kNotEstablished);
  bed.settle();
  CHECK_EQ(bed.take(id, false), kNotEstablished);
  bed.requestLease(id, 1, true);
  CHECK_EQ(bed.answer(id, 1), kNotEstablished);

  bed.connector.succeed(*bed.service.find(id));
  const Held held = bed.hold(id);
  bed.command(Command::terminate, id);
  CHECK_EQ(bed.release(held), Why::notHeld);
  CHECK_EQ(bed.take(id), kClosed);
  bed.requestLease(id, 2, false);
  CHECK_EQ(bed.answer(id, 2), kClosed);
  const int number = bed.service.find(id)->fd();
  CHECK(bed.untilGone(id));
  CHECK_EQ(bed.take(id), kClosed);

  // The same slot and the same descriptor again, for somebody else.
  bed.connector.plan = nullptr;
  bed.connector.sockets = [number] {
    SocketPair pair = unixPair();
    if (pair.ours != number) {
      if (pair.theirs == number) pair.theirs = fcntl(pair.theirs, F_DUPFD_CLOEXEC, 0);
      REQUIRE_EQ(dup3(pair.ours, number, O_CLOEXEC), number);
      ::close(std::exchange(pair.ours, number));
    }
    return pair;
  };
  bed.channel.slots.release(id);
  Connection& next = bed.open();
  REQUIRE_EQ(next.id, ConnectionId{id.slot, id.generation + 1});
  REQUIRE_EQ(next.fd(), number);
  CHECK_EQ(bed.take(id), kClosed);
  CHECK_EQ(bed.take({id.slot, id.generation + 2}), kNotEstablished);
  const Held other = bed.hold(next.id);
  CHECK_GT(other.token, held.token);
  for (const LeaseName& stale : {LeaseName{id, held.token}, LeaseName{next.id, held.token},
                                 LeaseName{id, other.token}, LeaseName{next.id, 0}}) {
    uint8_t byte = 0;
    IoResult result{IoResult::Status::again};
    SSL* ssl = nullptr;
    int fd = -1;
    uint64_t inode = 0;
    std::string text;
    Detached detached;
    CHECK_EQ(bed.mainLeases.check(stale).refusal, Why::notHeld);
    CHECK_EQ(bed.mainLeases.readSocket(stale, &byte, 1, result).refusal, Why::notHeld);
    CHECK_EQ(bed.mainLeases.writeSocket(stale, &byte, 1, result).refusal, Why::notHeld);
    CHECK_EQ(bed.mainLeases.shutdownSocket(stale, SHUT_RDWR).refusal, Why::notHeld);
    CHECK_EQ(bed.mainLeases.duplicate(stale, fd, inode).refusal, Why::notHeld);
    CHECK_EQ(bed.mainLeases.exposeTls(stale, ssl).refusal, Why::notHeld);
    CHECK_EQ(bed.mainLeases.leftover(stale, text).refusal, Why::notHeld);
    CHECK_EQ(bed.mainLeases.detach(stale, 0, detached).refusal, Why::notHeld);
    CHECK_EQ(bed.mainLeases.release(stale, -1).refusal, Why::notHeld);
  }
  CHECK_EQ(bed.release(other), Why::none);
  CHECK_EQ(bed.release(other), Why::notHeld);
  CHECK(bed.alive(next));
}

TEST_CASE("lease: none while it is closing, and whoever waits is told so") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Held held = bed.hold(id);
  bed.requestLease(id, 1, true);
  bed.requestLease(id, 2, false, false, 0, Source::handler);
  bed.command(Command::close, id, "", 1000);
  bed.settle();
  CHECK_EQ(bed.take(id), kClosed);
  bed.peer(connection).pump();
  CHECK(bed.peer(connection).events.empty());  // the close frame waits for the holder
  CHECK_EQ(bed.release(held), Why::none);
  CHECK(bed.untilHeard(bed.peer(connection), "close 1000"));
  CHECK_EQ(bed.answer(id, 1), kClosed);
  CHECK_EQ(bed.answer(id, 2, Source::handler), kClosed);
  bed.requestLease(id, 3, false);
  bed.settle();
  CHECK_EQ(bed.answer(id, 3), kClosed);
}

TEST_CASE("lease: taking and giving back wakes nobody while the worker has nothing to do") {
  LeaseBed bed;
  Connection& connection = bed.open();
  bed.settle();
  bed.wakes = 0;
  for (int i = 0; i < 100; i++) {
    const Held held = bed.hold(connection.id, i % 2 == 0);
    CHECK(bed.mainLeases.check(held));
    CHECK_EQ(bed.release(held), Why::none);
  }
  CHECK_EQ(bed.wakes, 0);
  const Held held = bed.hold(connection.id);
  bed.command(Command::send, connection.id, "x");
  bed.settle();
  CHECK_EQ(bed.wakes, 0);
  CHECK_EQ(bed.release(held), Why::none);
  CHECK_EQ(bed.wakes, 1);
  CHECK(bed.untilHeard(bed.peer(connection), "text x"));
  CHECK(bed.alive(connection));
}

TEST_CASE(
    "lease: shared ones at once beside each other; what needs an exclusive one they may not") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Held one = bed.hold(id, false);
  const int64_t other = bed.handlers.take(id, false, true, 0);
  CHECK_GT(other, static_cast<int64_t>(one.token));
  CHECK_EQ(bed.take(id), kBusy);
  CHECK(bed.alive(connection));  // the worker goes on
  uint8_t byte = 0;
  IoResult result{IoResult::Status::again};
  CHECK_EQ(bed.mainLeases.readSocket(one, &byte, 1, result).refusal, Why::notHeld);
  CHECK_EQ(bed.mainLeases.writeSocket(one, &byte, 1, result).refusal, Why::notHeld);
  CHECK_EQ(bed.mainLeases.confirmFrameBoundary(one).refusal, Why::notHeld);
  int waiting = -1;
  bed.peer(connection).write("abc");
  CHECK(bed.mainLeases.queued(one, false, waiting));
  CHECK_EQ(waiting, 3);
  int type = 0;
  size_t size = sizeof type;
  CHECK(
      bed.mainLeases.getOption(one, SOL_SOCKET, SO_TYPE, reinterpret_cast<uint8_t*>(&type), size));
  CHECK_EQ(type, SOCK_STREAM);
  CHECK_EQ(bed.mainLeases.getOption(one, 12'345, 1, &byte, size).error, EOPNOTSUPP);
  bool tls = true;
  CHECK(bed.mainLeases.secure(one, tls));
  CHECK_FALSE(tls);
  CHECK_EQ(bed.release(one), Why::none);
  CHECK_EQ(bed.take(id), kBusy);
  CHECK_EQ(bed.handlers.release({id, static_cast<uint64_t>(other)}, -1).refusal, Why::none);
  CHECK_GT(bed.take(id), 0);
}

TEST_CASE("lease: an exclusive one waits for those shared, and later ones for it") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Held one = bed.hold(id, false);
  const Held two = bed.hold(id, false);
  bed.requestLease(id, 1, true);
  bed.settle();
  CHECK_EQ(bed.take(id, false), kBusy);
  bed.requestLease(id, 2, false);
  bed.settle();
  CHECK_EQ(bed.answer(id, 1), 0);
  CHECK_EQ(bed.answer(id, 2), 0);
  bed.wakes = 0;
  bed.release(one);
  CHECK_EQ(bed.wakes, 0);
  bed.release(two);
  CHECK_EQ(bed.wakes, 1);
  const Held exclusive = bed.granted(id, 1);
  bed.settle();
  CHECK_EQ(bed.answer(id, 2), 0);
  bed.release(exclusive);
  bed.release(bed.granted(id, 2));
  CHECK_GT(bed.take(id), 0);
}

TEST_CASE(
    "lease: first come, first served, over both sides; neighbours that share have it together") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Events order;
  bed.main.onLeased = [&](Connection&, int64_t) { order.push_back("owner"); };
  bed.handler.onLeased = [&](Connection&, int64_t) { order.push_back("handler"); };
  Held held = bed.hold(id);
  bed.requestLease(id, 1, true, false, 0, Source::handler);
  bed.requestLease(id, 1, true);
  bed.requestLease(id, 2, false, false, 0, Source::handler);
  bed.requestLease(id, 2, false);
  bed.requestLease(id, 3, true);
  bed.settle();
  CHECK(order.empty());
  bed.release(held);
  CHECK(bed.until([&] { return bed.answer(id, 1, Source::handler) != 0; }));
  bed.settle();
  CHECK_EQ(order, Events{"handler"});
  const auto first = static_cast<uint64_t>(bed.answer(id, 1, Source::handler));
  CHECK(bed.handlers.release({id, first}, -1));
  held = bed.granted(id, 1);
  bed.settle();
  CHECK_EQ(order, Events{"handler", "owner"});
  bed.release(held);
  held = bed.granted(id, 2);
  bed.settle();
  CHECK_EQ(order, Events{"handler", "owner", "handler", "owner"});
  const auto second = static_cast<uint64_t>(bed.answer(id, 2, Source::handler));
  bed.release(held);
  bed.settle();
  CHECK_EQ(bed.answer(id, 3), 0);
  CHECK(bed.handlers.release({id, second}, -1));
  bed.release(bed.granted(id, 3));
  CHECK(bed.alive(connection));
}

TEST_CASE("lease: a request that is taken back, before its turn and after it was granted") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Held shared = bed.hold(id, false);
  bed.requestLease(id, 1, true);
  bed.requestLease(id, 2, false);
  bed.requestLease(id, 1, true, false, 0, Source::handler);
  bed.settle();
  bed.command(Command::cancelLease, id, "", 1);  // the owner's alone
  const Held second = bed.granted(id, 2);
  bed.settle();
  CHECK_EQ(bed.answer(id, 1), 0);
  CHECK_EQ(bed.answer(id, 1, Source::handler), 0);
  bed.command(Command::cancelLease, id, "", 1, 0, Source::handler);
  bed.settle();
  CHECK_EQ(bed.release(shared), Why::none);
  bed.command(Command::cancelLease, id, "", 2);
  bed.command(Command::cancelLease, id, "", 77);
  CHECK(bed.mainLeases.check(second));  // it was granted: whoever has it gives it back
  CHECK_EQ(bed.take(id), kBusy);
  CHECK_EQ(bed.release(second), Why::none);
  CHECK_EQ(bed.release(bed.hold(id)), Why::none);
  CHECK(bed.alive(connection));
}

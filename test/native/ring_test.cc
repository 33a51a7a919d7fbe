// Operations of a ring under leases. What the kernel writes no sanitizer sees: the memory here is
// written before, and what it holds afterwards is compared.
#include "../../native/core/ring/ring_features.h"
#include "ring_bed.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("ring: this kernel has what the tests need") {
  const RingFeatures found = readRingFeatures();
  CHECK_EQ(found.error, 0);
  const auto has = [](const std::vector<std::string>& all, const char* name) {
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  CHECK(has(found.features, "NODROP"));
  CHECK(has(found.opcodes, "POLL_ADD"));
  CHECK(has(found.opcodes, "RECV"));
}

TEST_CASE("ring: whole frames in both directions leave the connection as it was") {
  for (const uint32_t registered : {0u, 16u}) {
    RingOptions options;
    options.registered = registered;
    RingBed bed(options);
    Connection& connection = bed.open();
    Held held = bed.hold(connection.id);
    const int target = bed.attach(held);
    const Octets in = LeaseBed::toUs({0x81, "to the holder"});
    bed.peer(connection).write(in);
    std::vector<uint8_t> into(in.size());
    const uint64_t reading =
        bed.start(held, RingBed::receive(target, into, MSG_WAITALL), Lane::read);
    CHECK_EQ(bed.result(reading), static_cast<int32_t>(in.size()));
    CHECK_EQ(Octets(into.begin(), into.end()), in);
    const Octets out = LeaseBed::toPeer({0x81, "from the holder"});
    const uint64_t writing = bed.start(held, RingBed::send(target, out), Lane::write);
    CHECK_EQ(bed.result(writing), static_cast<int32_t>(out.size()));
    CHECK(bed.untilHeard(bed.peer(connection), "text from the holder"));
    bed.ring.detach(target);
    bed.mainLeases.returnSocket(held.id);
    CHECK_EQ(bed.release(held), Why::none);
    CHECK(bed.alive(connection));
  }
}

TEST_CASE("ring: half a frame taints, whichever way it went") {
  for (const bool reads : {true, false}) {
    RingBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Held held = bed.hold(id);
    const int target = bed.attach(held);
    std::vector<uint8_t> into(4);
    const Octets half = [] {
      Octets frame = LeaseBed::toPeer({0x81, "a frame"});
      frame.resize(4);
      return frame;
    }();
    if (reads) bed.peer(connection).text("a frame");
    const uint64_t operation = reads ? bed.start(held, RingBed::receive(target, into), Lane::read)
                                     : bed.start(held, RingBed::send(target, half), Lane::write);
    CHECK_EQ(bed.result(operation), 4);
    bed.release(held);
    CHECK_EQ(bed.taint(id), reads ? "a frame was read in part"
                                  : "what was written is not whole frames of a client");
  }
}

TEST_CASE("ring: a connection comes back only when its last operation has ended") {
  RingBed bed;
  Connection& connection = bed.open();
  Held held = bed.hold(connection.id);
  const int target = bed.attach(held);
  std::vector<uint8_t> into(64);
  const uint64_t reading = bed.start(held, RingBed::receive(target, into), Lane::read);
  const uint64_t polling = bed.start(held, RingBed::poll(target, POLLPRI), Lane::none);
  bed.ring.submit();
  CHECK_EQ(bed.release(held), Why::none);
  CHECK_EQ(bed.ownership(connection), Ownership::draining);
  CHECK_EQ(bed.take(connection.id), kBusy);
  CHECK_FALSE(bed.mainLeases.check(held));
  bed.peer(connection).text("meanwhile");  // whoever gets it, it is not lost
  bed.settle();
  CHECK_EQ(bed.ownership(connection), Ownership::draining);
  bed.ring.cancel(polling);
  CHECK_EQ(bed.result(polling), -ECANCELED);
  // The message went to the operation in flight: the holder's, and a whole one.
  CHECK_GT(bed.result(reading), 0);
  CHECK_NE(bed.ownership(connection), Ownership::draining);
  CHECK(bed.alive(connection));
}

TEST_CASE("ring: what is cancelled takes nothing of the stream") {
  RingBed bed;
  Connection& connection = bed.open();
  Held held = bed.hold(connection.id);
  const int target = bed.attach(held);
  std::vector<uint8_t> into(64);
  const uint64_t reading = bed.start(held, RingBed::receive(target, into), Lane::read);
  bed.ring.cancel(reading);
  bed.ring.submit();
  bed.takeAnswers();
  CHECK_EQ(bed.result(reading), -ECANCELED);
  CHECK_EQ(bed.release(held), Why::none);
  CHECK_EQ(bed.ownership(connection), Ownership::worker);  // at once
  CHECK(bed.alive(connection));
}

TEST_CASE("ring: what is cancelled before its turn in a chain has come ends when it has") {
  RingBed bed;
  Connection& connection = bed.open();
  Held held = bed.hold(connection.id);
  const int target = bed.attach(held);
  std::vector<uint8_t> into(64);
  uint64_t first = 0;
  uint64_t second = 0;
  REQUIRE_EQ(bed.create(held, RingBed::poll(target, POLLIN), Lane::none, first), 0);
  REQUIRE_EQ(bed.create(held, RingBed::poll(target, POLLPRI), Lane::none, second), 0);
  const uint64_t both[] = {first, second};
  REQUIRE_EQ(bed.ring.start(both), 0);
  bed.ring.cancel(second);
  bed.ring.submit();  // the kernel does not find it
  bed.takeAnswers();
  CHECK(bed.answers.empty());
  CHECK(bed.ring.cancelling());
  bed.peer(connection).text("on");
  CHECK_EQ(bed.result(first), POLLIN);
  CHECK_EQ(bed.result(second), -ECANCELED);  // wait() asks again
  CHECK_FALSE(bed.ring.cancelling());
  CHECK_EQ(bed.release(held), Why::none);
  CHECK(bed.alive(connection));
}

TEST_CASE("ring: a sendZeroCopy that waits for its peer has done with the lease") {
  RingBed bed;
  Connection& connection = bed.open();
  Held held = bed.hold(connection.id);
  const int target = bed.attach(held);
  const Octets out = LeaseBed::toPeer({0x81, std::string(1000, 'x')});
  Operation operation = RingBed::send(target, out);
  operation.kind = Operation::Kind::sendZeroCopy;
  const uint64_t writing = bed.start(held, std::move(operation), Lane::write);
  bed.result(writing);
  REQUIRE_EQ(bed.answers.size(), 2);
  CHECK_EQ(bed.answers[0].result, static_cast<int32_t>(out.size()));
  CHECK_EQ(bed.answers[0].flags, Completion::kMore | Completion::kLeft);
  CHECK_NE(bed.answers[1].flags & Completion::kNotification, 0);
  CHECK_EQ(bed.release(held), Why::none);
  CHECK(bed.alive(connection));
}

TEST_CASE("ring: a quiet send is answered by what is behind it, or in its place") {
  RingBed bed;
  Connection& connection = bed.open();
  Held held = bed.hold(connection.id);
  const int target = bed.attach(held);
  const auto request = [&](const Octets& out, std::vector<uint8_t>& into) {
    uint64_t ids[2] = {};
    Operation sending = RingBed::send(target, out);
    sending.quiet = true;
    const uint64_t chain = Ring::nextChain();
    REQUIRE_EQ(bed.create(held, std::move(sending), Lane::write, ids[0], chain), 0);
    REQUIRE_EQ(bed.create(held, RingBed::receive(target, into), Lane::read, ids[1], chain), 0);
    CHECK_EQ(bed.ring.start({ids, 1}), EINVAL);  // nothing is behind it
    REQUIRE_EQ(bed.ring.start(ids), 0);
    bed.answers.clear();
    return ids[1];
  };
  const Octets out = LeaseBed::toPeer({0x81, "a request"});
  const Octets in = LeaseBed::toUs({0x81, "its answer"});
  std::vector<uint8_t> into(in.size());
  for (int i = 0; i < 3; i++) {
    const uint64_t asking = request(out, into);
    bed.ring.submit();
    CHECK(bed.untilHeard(bed.peer(connection), "text a request"));
    bed.peer(connection).write(in);
    CHECK_EQ(bed.result(asking), static_cast<int32_t>(in.size()));
    CHECK_EQ(Octets(into.begin(), into.end()), in);
    CHECK_EQ(bed.answers.size(), 1);
    CHECK_EQ(bed.answers[0].flags, Completion::kLeft);
    CHECK_EQ(bed.ring.inFlight(), 0);
  }
  // More than the peer takes: it is cancelled in the middle, and nothing is received.
  const Octets much(64 << 20, 'x');
  const uint64_t asking = request(much, into);
  bed.ring.submit();
  bed.ring.cancel(asking);
  CHECK_EQ(bed.result(asking), -ECANCELED);
  CHECK_EQ(bed.answers.size(), 1);
  CHECK_EQ(bed.answers[0].flags, Completion::kLeft | Completion::kUnsent);
  CHECK_EQ(bed.ring.inFlight(), 0);
  const ConnectionId id = connection.id;
  bed.release(held);
  CHECK_EQ(bed.taint(id), "what was written is not whole frames of a client");
}

TEST_CASE("ring: one operation reads at a time, unless they are a chain") {
  RingBed bed;
  Connection& connection = bed.open();
  Held held = bed.hold(connection.id);
  const int target = bed.attach(held);
  std::vector<uint8_t> into(2);
  uint64_t first = 0;
  uint64_t second = 0;
  uint64_t third = 0;
  const uint64_t chain = Ring::nextChain();
  REQUIRE_EQ(
      bed.create(held, RingBed::receive(target, into, MSG_WAITALL), Lane::read, first, chain), 0);
  CHECK_EQ(bed.create(held, RingBed::receive(target, into), Lane::read, third), EBUSY);
  REQUIRE_EQ(bed.create(held, RingBed::receive(target, into), Lane::read, second, chain), 0);
  IoResult result{IoResult::Status::again};
  CHECK_EQ(bed.mainLeases.readSocket(held, into.data(), 1, result).error, EBUSY);
  bed.duplicate(held = bed.hold(bed.open().id));  // another connection is not concerned
  bed.release(held);
  const uint64_t both[] = {first, second};
  REQUIRE_EQ(bed.ring.start(both), 0);
  bed.peer(connection).write(LeaseBed::toUs({0x81, "xy"}));  // 4 bytes
  CHECK_EQ(bed.result(second), 2);
  CHECK(bed.alive(bed.open()));
}

TEST_CASE("ring: more operations than there is room for, and more answers") {
  RingOptions options;
  options.entries = 4;
  options.completions = 4;
  options.registered = 1;
  RingBed bed(options);
  std::vector<uint64_t> ids;
  for (int i = 0; i < 8; i++) {
    Connection& connection = bed.open();
    const Held held = bed.hold(connection.id, false);
    const int target = bed.attach(held);
    for (int j = 0; j < 25; j++) {
      ids.push_back(bed.start(held, RingBed::poll(target, POLLOUT), Lane::none));
    }
  }
  for (const uint64_t id : ids) CHECK_EQ(bed.result(id), POLLOUT);
  CHECK_EQ(bed.answers.size(), ids.size());
  CHECK_EQ(bed.ring.inFlight(), 0);
  std::vector<uint64_t> chain(5, 0);
  for (uint64_t& id : chain) {
    Operation timeout;
    timeout.kind = Operation::Kind::timeout;
    REQUIRE_EQ(bed.ring.create(std::move(timeout), id), 0);
  }
  CHECK_EQ(bed.ring.start(chain), ENOSPC);
  for (const uint64_t id : chain) bed.ring.discard(id);
}

TEST_CASE("ring: the number of an operation is not used again before its end is known") {
  RingBed bed;
  Held held = bed.hold(bed.open().id, false);
  const int target = bed.attach(held);
  const auto place = [](uint64_t id) { return static_cast<uint32_t>(id); };
  const uint64_t first = bed.start(held, RingBed::poll(target, POLLOUT), Lane::none);
  bed.ring.wait(1'000);
  CHECK(bed.ring.answered());
  CHECK_EQ(bed.ring.inFlight(), 0);
  const uint64_t second = bed.start(held, RingBed::poll(target, POLLOUT), Lane::none);
  CHECK_NE(place(second), place(first));
  CHECK_EQ(bed.result(second), POLLOUT);
  const uint64_t third = bed.start(held, RingBed::poll(target, POLLOUT), Lane::none);
  CHECK_LE(place(third), 1);
  CHECK_NE(third, first);
  CHECK_NE(third, second);
  CHECK_EQ(bed.result(third), POLLOUT);
}

TEST_CASE("ring: operations outlive their connection and find nobody") {
  RingBed bed;
  Connection* connection = &bed.open();
  const ConnectionId id = connection->id;
  Held held = bed.hold(id);
  const int target = bed.attach(held);
  std::vector<uint8_t> into(64);
  const uint64_t reading = bed.start(held, RingBed::receive(target, into), Lane::read);
  bed.ring.submit();
  bed.command(Command::terminate, id);
  REQUIRE(bed.untilGone(id));
  CHECK_LE(bed.result(reading), 0);  // its socket was shut down
  bed.ring.detach(target);
  bed.mainLeases.returnSocket(id);
  CHECK(bed.alive(bed.open()));
}

TEST_CASE("ring: closing it ends what is in flight, and the connection goes on") {
  RingBed bed;
  Connection& connection = bed.open();
  Held held = bed.hold(connection.id);
  const int target = bed.attach(held);
  std::vector<uint8_t> into(64);
  bed.start(held, RingBed::receive(target, into), Lane::read);
  bed.start(held, RingBed::poll(target, POLLPRI), Lane::none);
  bed.release(held);
  CHECK_EQ(bed.ownership(connection), Ownership::draining);
  bed.ring.close(5'000);
  CHECK_EQ(bed.ring.inFlight(), 0);
  uint64_t none = 0;
  CHECK_EQ(bed.ring.create({}, none), ECANCELED);
  CHECK(bed.alive(connection));
}

TEST_CASE("ring: an expired lease whose operations nobody ends costs its connection") {
  RingBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Held held = bed.hold(id, true, 20);
  const int target = bed.attach(held);
  std::vector<uint8_t> into(64);
  bed.start(held, RingBed::receive(target, into), Lane::read);
  bed.ring.submit();
  CHECK_EQ(bed.taint(id), "operations of a ring outlived it");
}

TEST_CASE("ring: many answers to one operation, in buffers of the ring") {
  RingOptions options;
  options.bufferCount = 2;
  options.bufferSize = 64;
  RingBed bed(options);
  Connection& connection = bed.open();
  Held held = bed.hold(connection.id);
  const int target = bed.attach(held);
  Octets sent;
  for (int i = 0; i < 50; i++) {
    const Octets frame = LeaseBed::toUs({0x81, "message " + std::to_string(i)});
    sent.insert(sent.end(), frame.begin(), frame.end());
  }
  bed.peer(connection).write(sent);
  Octets received;
  for (int again = 0; again < 500 && received.size() < sent.size(); again++) {
    Operation operation;
    operation.kind = Operation::Kind::receiveMany;
    operation.target = target;
    const uint64_t id = bed.start(held, std::move(operation), Lane::read);
    bed.answers.clear();
    bed.ring.wait(100);
    bed.ring.cancel(id);
    bed.result(id);
    for (const Completion& one : bed.answers) {
      if ((one.flags & Completion::kBuffer) == 0) continue;
      const auto number = static_cast<uint16_t>(one.flags >> 16);
      const uint8_t* const bytes = bed.ring.buffer(number);
      received.insert(received.end(), bytes, bytes + one.result);
      bed.ring.giveBack(number);
    }
  }
  CHECK_EQ(received, sent);
  bed.release(held);
  CHECK(bed.alive(connection));
}

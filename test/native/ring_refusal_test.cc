// Rings whose kernel takes nothing for a while, or says that there is something when there is not.
#include "late_flag.h"
#include "refusing.h"
#include "ring_bed.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("ring: what the kernel refuses stays, and is submitted when it takes it again") {
  for (const int error : {EAGAIN, EBUSY}) {
    whereRefused([error] {
      RingBed bed;
      Connection& connection = bed.open();
      Held held = bed.hold(connection.id);
      const int target = bed.attach(held);
      const Octets out = LeaseBed::toPeer({0x81, "late"});
      refusal = error;
      const uint64_t writing = bed.start(held, RingBed::send(target, out), Lane::write);
      CHECK_EQ(bed.ring.submit(), error);
      CHECK(bed.ring.unsubmitted());
      bed.ring.wait(1);
      bed.takeAnswers();
      CHECK(bed.answers.empty());
      CHECK_EQ(bed.ring.inFlight(), 1);
      CHECK_EQ(bed.release(held), Why::none);
      CHECK_EQ(bed.ownership(connection), Ownership::draining);  // nobody has it meanwhile
      refusal = 0;
      CHECK_EQ(bed.result(writing), static_cast<int32_t>(out.size()));
      CHECK_NE(bed.ownership(connection), Ownership::draining);
      CHECK(bed.untilHeard(bed.peer(connection), "text late"));
      CHECK(bed.alive(connection));
    });
  }
}

TEST_CASE("ring: a full queue that the kernel does not take refuses more, and loses nothing") {
  whereRefused([] {
    RingOptions options;
    options.entries = 4;
    RingBed bed(options);
    Held held = bed.hold(bed.open().id, false);
    const int target = bed.attach(held);
    refusal = EAGAIN;
    std::vector<uint64_t> ids(5, 0);
    for (size_t i = 0; i < ids.size(); i++) {
      REQUIRE_EQ(bed.create(held, RingBed::poll(target, POLLOUT), Lane::none, ids[i]), 0);
      CHECK_EQ(bed.ring.start({&ids[i], 1}), i < 4 ? 0 : EAGAIN);
    }
    bed.ring.cancel(ids[0]);  // no room for it either
    refusal = 0;
    REQUIRE_EQ(bed.ring.start({&ids[4], 1}), 0);
    for (const uint64_t id : ids) CHECK_EQ(bed.result(id), POLLOUT);
    CHECK_EQ(bed.ring.inFlight(), 0);
  });
}

TEST_CASE("ring: what is cancelled while the kernel takes nothing is cancelled when it does") {
  for (const int error : {EAGAIN, EBUSY}) {
    whereRefused([error] {
      RingOptions options;
      options.entries = 2;
      RingBed bed(options);
      Connection& connection = bed.open();
      Held held = bed.hold(connection.id);
      const int target = bed.attach(held);
      std::vector<uint64_t> ids;
      for (int i = 0; i < 5; i++) {
        ids.push_back(bed.start(held, RingBed::poll(target, POLLPRI), Lane::none));
      }
      REQUIRE_EQ(bed.ring.submit(), 0);
      refusal = error;
      for (const uint64_t id : ids) bed.ring.cancel(id);
      CHECK_EQ(bed.ring.submit(), error);
      CHECK(bed.ring.cancelling());
      CHECK_EQ(bed.release(held), Why::none);
      CHECK_EQ(bed.ownership(connection), Ownership::draining);
      refusal = 0;
      CHECK_EQ(bed.ring.submit(), 0);  // no answer was there that could have led to it
      for (const uint64_t id : ids) CHECK_EQ(bed.result(id), -ECANCELED);
      CHECK_FALSE(bed.ring.cancelling());
      CHECK_NE(bed.ownership(connection), Ownership::draining);
      CHECK(bed.alive(connection));
    });
  }
}

TEST_CASE("ring: closed while the kernel takes nothing, it costs the connection and nothing else") {
  whereRefused([] {
    RingBed bed;
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Held held = bed.hold(id);
    const int target = bed.attach(held);
    std::vector<uint8_t> into(64);
    bed.start(held, RingBed::receive(target, into), Lane::read);
    bed.ring.submit();
    refusal = EAGAIN;
    bed.release(held);
    bed.ring.close(20);
    refusal = 0;
    CHECK_EQ(bed.taint(id), "an operation of a ring did not end");
  });
}

TEST_CASE("ring: a flag that the kernel sets late keeps nobody") {
  const std::set<int> before = ringDescriptors();
  RingOptions options;
  options.registered = 1;
  Ring ring(options);
  REQUIRE_EQ(ring.open(), 0);
  LateFlag flag(before);
  Completion answers[4];
  flag.set();
  CHECK(ring.answered());
  CHECK_EQ(ring.take(answers), 0);
  CHECK(flag.isSet());  // nothing takes it back
  // What is there comes, all the same.
  uint64_t id = 0;
  Operation timeout;
  timeout.kind = Operation::Kind::timeout;
  REQUIRE_EQ(ring.create(std::move(timeout), id), 0);
  REQUIRE_EQ(ring.start({&id, 1}), 0);
  ring.submit();
  flag.set();
  for (int i = 0; i < 500 && ring.inFlight() > 0; i++) {
    ring.wait(10);
    ring.take(answers);
  }
  CHECK_EQ(ring.inFlight(), 0);
}

TEST_CASE("poller: a flag that the kernel sets late keeps nobody, and signals nothing") {
  const std::set<int> before = ringDescriptors();
  std::string reason;
  const auto poller = makePoller(PollerKind::uring, reason);
  REQUIRE_MESSAGE(poller != nullptr, reason);
  LateFlag flag(before);
  Poller::Ready ready[Poller::kBatch];
  flag.set();
  CHECK_EQ(poller->wait(ready), 0);
  poller->settle();
  CHECK(flag.isSet());
  pollfd outer{poller->descriptor(), POLLIN, 0};
  CHECK_EQ(poll(&outer, 1, 0), 0);
}

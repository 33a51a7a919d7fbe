// A worker that keeps a slot's lock, as a BIO that does not return makes it do: nobody else has to
// wait for it without an end, and nothing that is given back meanwhile gets lost.
#include <thread>

#include "flight_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// What the main thread does while this thread, the worker's, has the lock.
template <class Do>
void whileOccupied(Connection& connection, Do act) {
  connection.cell()->mutex.lock();
  std::thread(act).join();
  connection.cell()->mutex.unlock();
}

}  // namespace

TEST_CASE("lease: operations answer in time where the worker keeps the lock") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const Held shared = bed.hold(connection.id, false);
  whileOccupied(connection, [&] {
    CHECK_EQ(bed.take(connection.id), kBusy);
    CHECK_EQ(bed.take(connection.id, false), kBusy);
    CHECK_EQ(bed.mainLeases.check(shared).refusal, Why::occupied);
    int fd = -1;
    uint64_t inode = 0;
    CHECK_EQ(bed.mainLeases.duplicate(shared, fd, inode).refusal, Why::occupied);
    Detached detached;
    CHECK_EQ(bed.mainLeases.detach(shared, 1'000, detached).refusal, Why::occupied);
  });
  CHECK(bed.mainLeases.check(shared));
  CHECK_EQ(bed.release(shared), Why::none);
  CHECK(bed.alive(connection));
}

TEST_CASE("lease: what is given back while the worker keeps the lock is back when it is done") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const Held first = bed.hold(connection.id, false);
  const Held second = bed.hold(connection.id, false);
  whileOccupied(connection, [&] {
    CHECK_EQ(bed.release(first), Why::none);
    CHECK_EQ(bed.release(second), Why::none);
  });
  CHECK_EQ(bed.take(connection.id), kBusy);
  bed.requestLease(connection.id, 1, true);
  bed.settle();
  const Held granted = bed.granted(connection.id, 1);

  // The exclusive one as well, and with what its holder did.
  whileOccupied(connection, [&] { CHECK_EQ(bed.release(granted), Why::none); });
  CHECK(bed.alive(connection));
  Held exposed = bed.hold(connection.id);
  bed.duplicate(exposed);
  ::close(exposed.fd);
  whileOccupied(connection, [&] { CHECK_EQ(bed.release(exposed), Why::none); });
  CHECK_EQ(bed.taint(connection.id), "its descriptor was closed");
}

TEST_CASE("lease: what comes back late finds nobody") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  const Held shared = bed.hold(id, false);
  whileOccupied(connection, [&] { CHECK_EQ(bed.release(shared), Why::none); });
  bed.service.terminate(connection);
  CHECK(bed.untilGone(id));
  bed.channel.slots.release(id);
  Connection& next = bed.open();
  REQUIRE_EQ(next.id.slot, id.slot);
  const Held other = bed.hold(next.id, false);
  CHECK_EQ(bed.release(other), Why::none);
  CHECK(bed.alive(next));
}

TEST_CASE("lease: who closes a descriptor, or ends an operation of long ago, waits for nobody") {
  LeaseBed bed;
  Connection& connection = bed.open();
  const ConnectionId id = connection.id;
  Held held = bed.hold(id);
  bed.duplicate(held);
  Pin pin;
  REQUIRE(bed.mainLeases.pin(held, Lane::read, 1, pin));
  CHECK_EQ(connection.cell()->duplicates.count(), 1);
  bed.service.terminate(connection);
  whileOccupied(connection, [&] {
    CHECK(pin.orphaned());
    CHECK_FALSE(pin.drop());
    bed.mainLeases.closeDuplicate(id, held.fd, held.inode);
  });
  CHECK_EQ(connection.cell()->duplicates.count(), 0);
  CHECK(bed.untilGone(id));
}

TEST_CASE("flight: what is recorded can be read where the worker keeps the lock") {
  FlightBed bed;
  Connection& connection = bed.open();
  const size_t before = bed.of(connection.id).entries.size();
  connection.cell()->mutex.lock();
  CHECK_EQ(bed.of(connection.id).entries.size(), before);
  std::vector<std::string> all;
  CHECK(copyFlights(bed.channel.slots, 0, all));
  CHECK_EQ(all.size(), 1);
  connection.cell()->mutex.unlock();
}

TEST_CASE("flight: copies are right while entries are written") {
  FlightRecorder recorder({8, 1, 2}, {3, 4}, 5);
  std::atomic<bool> over{false};
  std::thread writer([&] {
    for (uint32_t i = 0; !over; i++) recorder.note(Flight::read, i, ~i, 9);
  });
  uint64_t last = 0;
  for (int i = 0; i < 20'000; i++) {
    const Flown flown(recorder.copy());
    uint64_t number = static_cast<uint64_t>(flown.header.lost);
    REQUIRE_GE(number + flown.entries.size(), last);
    last = number + flown.entries.size();
    for (const FlightEntry& entry : flown.entries) {
      REQUIRE_EQ(entry.a, static_cast<uint32_t>(number));
      REQUIRE_EQ(entry.b, ~entry.a);
      REQUIRE_EQ(entry.detail(), 9);
      number++;
    }
  }
  over = true;
  writer.join();
}

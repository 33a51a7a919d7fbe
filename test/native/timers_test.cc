#include "../../native/core/net/timers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "../../native/core/base/clock.h"
#include "support.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("timers: each comes when its time has come, the earliest first") {
  Timers timers;
  Timers::Entry entry;
  CHECK_EQ(timers.next(), 0);
  CHECK_FALSE(timers.pop(UINT64_MAX, entry));
  timers.set(30, {3, 1});
  timers.set(10, {1, 1});
  timers.set(20, {2, 1});
  CHECK_EQ(timers.next(), 10);
  CHECK_FALSE(timers.pop(9, entry));
  CHECK(timers.pop(20, entry));
  CHECK_EQ(entry.id.slot, 1);
  CHECK(timers.pop(20, entry));
  CHECK_EQ(entry.id.slot, 2);
  CHECK_FALSE(timers.pop(20, entry));
  CHECK_EQ(timers.next(), 30);
  CHECK(timers.pop(31, entry));
  CHECK_EQ(timers.next(), 0);
}

TEST_CASE("timers: thousands of them, in order") {
  std::mt19937_64 random(seed());
  Timers timers;
  std::vector<uint64_t> deadlines;
  for (uint32_t i = 0; i < 5000; i++) {
    deadlines.push_back(random() % 1000);
    timers.set(deadlines.back(), {i, 1});
  }
  std::sort(deadlines.begin(), deadlines.end());
  size_t popped = 0;
  Timers::Entry entry;
  for (uint64_t now = 0; now < 1000; now++) {
    while (timers.pop(now, entry)) {
      REQUIRE_EQ(entry.deadline, now);
      REQUIRE_EQ(entry.deadline, deadlines[popped++]);
    }
  }
  CHECK_EQ(popped, deadlines.size());
}

TEST_CASE("timers: a deadline that moves leaves nothing behind, nor does one that is not wanted") {
  Timers timers;
  Timers::Entry entry;
  for (uint64_t i = 0; i < 1'000'000; i++) timers.set(1'000'000 + i, {7, static_cast<uint32_t>(i)});
  CHECK_EQ(timers.size(), 1);
  CHECK_EQ(timers.next(), 1'999'999);
  timers.hasten(5, {7, 999'999});
  timers.hasten(6, {7, 999'999});
  CHECK_EQ(timers.next(), 5);
  // An older connection's is replaced, whenever it would be.
  timers.hasten(9, {7, 1'000'000});
  CHECK_EQ(timers.next(), 9);
  timers.remove({7, 999'999});
  CHECK_EQ(timers.size(), 1);
  timers.remove({7, 1'000'000});
  CHECK_EQ(timers.size(), 0);
  CHECK_FALSE(timers.pop(UINT64_MAX, entry));
}

TEST_CASE("timers: as a list would have it, whatever is set, moved and removed") {
  std::mt19937_64 random(seed());
  Timers timers;
  std::map<uint32_t, uint64_t> expected;  // deadlines by slot
  for (int i = 0; i < 20'000; i++) {
    const auto slot = static_cast<uint32_t>(random() % 50);
    const uint64_t deadline = 1 + random() % 1000;
    switch (random() % 4) {
      case 0:
        timers.set(deadline, {slot, 1});
        expected[slot] = deadline;
        break;
      case 1:
        timers.hasten(deadline, {slot, 1});
        if (!expected.contains(slot) || deadline < expected[slot]) expected[slot] = deadline;
        break;
      case 2:
        timers.remove({slot, 1});
        expected.erase(slot);
        break;
      default: {
        Timers::Entry entry;
        if (!timers.pop(deadline, entry)) break;
        REQUIRE_EQ(expected[entry.id.slot], entry.deadline);
        expected.erase(entry.id.slot);
      }
    }
    uint64_t next = 0;
    for (const auto& [owner, when] : expected) next = next == 0 ? when : std::min(next, when);
    REQUIRE_EQ(timers.next(), next);
    REQUIRE_EQ(timers.size(), expected.size());
  }
}

TEST_CASE("timers: their clock goes forward") {
  const uint64_t before = monotonicNow();
  CHECK_GE(monotonicNow(), before);
}

#include "../../native/core/net/timers.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "../../native/core/clock.h"
#include "support.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("timers: each comes when its time has come, the earliest first") {
  Timers timers;
  Timers::Entry entry;
  CHECK_EQ(timers.next(), 0);
  CHECK_FALSE(timers.pop(UINT64_MAX, entry));
  timers.add(30, {3, 1});
  timers.add(10, {1, 1});
  timers.add(20, {2, 1});
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
    timers.add(deadlines.back(), {i, 1});
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

TEST_CASE("timers: their clock goes forward") {
  const uint64_t before = monotonicNow();
  CHECK_GE(monotonicNow(), before);
}

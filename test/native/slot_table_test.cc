#include "../../native/core/channel/slot_table.h"

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

#include "support.h"

// Of the sanitizers that all native tests run with; their header is not installed everywhere.
extern "C" size_t __sanitizer_get_current_allocated_bytes();

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("slot table: as many names as there are slots, no two the same") {
  SlotTable slots(3);
  CHECK_EQ(slots.capacity(), 3);
  std::set<uint32_t> taken;
  for (int i = 0; i < 3; i++) taken.insert(slots.allocate().value().slot);
  CHECK_EQ(taken, std::set<uint32_t>{0, 1, 2});
  CHECK_FALSE(slots.allocate());
}

TEST_CASE("slot table: a slot comes back with another generation, and old names are nobody's") {
  SlotTable slots(1);
  const ConnectionId first = slots.allocate().value();
  slots.release(first);
  const ConnectionId second = slots.allocate().value();
  CHECK_EQ(second.slot, first.slot);
  CHECK_NE(second.generation, first.generation);

  slots.release(first);  // long over: must not free the slot under the second
  CHECK_FALSE(slots.allocate());
  slots.release(second);
  slots.release(second);
  CHECK(slots.allocate());
  CHECK_FALSE(slots.allocate());
}

TEST_CASE("slot table: names that were never given out are ignored") {
  SlotTable slots(2);
  slots.release({0, 1});
  slots.release({UINT32_MAX, UINT32_MAX});
  const ConnectionId id = slots.allocate().value();
  slots.release({id.slot, id.generation + 1});
  slots.release({id.slot + 1, id.generation});
  CHECK(slots.allocate());
  CHECK_FALSE(slots.allocate());
}

TEST_CASE("slot table: figures begin at zero, in segments that stay where they are") {
  SlotTable slots(kSegmentSlots + 1);
  CHECK_EQ(slots.segment(0), nullptr);
  const ConnectionId first = slots.allocate().value();
  const auto segment = slots.segment(0);
  REQUIRE(segment != nullptr);
  segment->entries[first.slot].acceptedMain = 5;
  segment->entries[first.slot].acceptedHandler = 6;
  segment->entries[first.slot].pending = 7;
  slots.release(first);
  slots.allocate();
  CHECK_EQ(segment->entries[first.slot].acceptedMain, 0);
  CHECK_EQ(segment->entries[first.slot].acceptedHandler, 0);
  CHECK_EQ(segment->entries[first.slot].pending, 0);

  for (uint32_t i = 1; i < kSegmentSlots; i++) slots.allocate();
  CHECK_EQ(slots.segment(1), nullptr);
  slots.allocate();
  CHECK_EQ(slots.segment(0), segment);
  CHECK_NE(slots.segment(1), nullptr);
}

TEST_CASE("slot table: a release takes no memory, however many there are") {
  SlotTable slots(5000);
  std::vector<ConnectionId> taken;
  while (const auto id = slots.allocate()) taken.push_back(*id);
  REQUIRE_EQ(taken.size(), 5000);
  const size_t before = __sanitizer_get_current_allocated_bytes();
  for (const ConnectionId id : taken) slots.release(id);
  CHECK_EQ(__sanitizer_get_current_allocated_bytes(), before);
  for (size_t i = 0; i < taken.size(); i++) CHECK(slots.allocate());
}

TEST_CASE("slot table: threads never hold the same slot at once, nor a name twice") {
  constexpr uint32_t kCapacity = 50;
  SlotTable slots(kCapacity);
  std::vector<std::atomic<int>> holders(kCapacity);
  std::atomic<bool> clash{false};
  const uint64_t base = seed();
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(base + t);
      std::vector<ConnectionId> mine;
      std::vector<uint32_t> seen(kCapacity);  // generations only grow
      for (int i = 0; i < 5000; i++) {
        if (random() % 2 == 0) {
          if (const auto id = slots.allocate()) {
            if (holders[id->slot].fetch_add(1) != 0) clash = true;
            if (id->generation <= seen[id->slot]) clash = true;
            seen[id->slot] = id->generation;
            mine.push_back(*id);
          }
        } else if (!mine.empty()) {
          std::swap(mine[random() % mine.size()], mine.back());
          const ConnectionId id = mine.back();
          mine.pop_back();
          holders[id.slot].fetch_sub(1);
          slots.release(id);
          if (random() % 4 == 0) slots.release(id);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(clash);
}

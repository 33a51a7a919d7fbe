#include "../../native/core/channel/channel.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <thread>

#include "support.h"

using namespace lwspool;
using namespace lwspool::test;

TEST_CASE("channel: one wake-up for all that was pushed until it is taken, in order") {
  Channel channel(1);
  int wakes = 0;
  channel.onWakeWorker([&] { wakes++; });
  for (uint32_t i = 0; i < 3; i++) channel.push(Commands{i, 0});
  CHECK_EQ(wakes, 1);
  const auto items = channel.take();
  REQUIRE_EQ(items.size(), 3);
  for (uint32_t i = 0; i < 3; i++) CHECK_EQ(std::get<Commands>(items[i]).slab, i);
  CHECK(channel.take().empty());
  channel.push(Commands{3, 0});
  CHECK_EQ(wakes, 2);
}

TEST_CASE("channel: a side that is gone is not woken, and nothing breaks") {
  Channel channel(1);
  channel.wakeMain();
  channel.wakeWorker();
  int wakes = 0;
  channel.onWakeWorker([&] { wakes++; });
  channel.onWakeMain([&] { wakes += 10; });
  channel.wakeMain();
  channel.wakeWorker();
  CHECK_EQ(wakes, 11);
  channel.onWakeWorker(nullptr);
  channel.onWakeMain(nullptr);
  channel.push(Commands{0, 0});
  channel.wakeMain();
  CHECK_EQ(wakes, 11);
  CHECK_EQ(channel.take().size(), 1);
}

TEST_CASE("channel: once a side has gone, no call that began before is still under way") {
  for (int round = 0; round < 200; round++) {
    Channel channel(1);
    auto target = std::make_unique<int>(0);
    channel.onWakeMain([wakes = target.get()] { ++*wakes; });
    std::thread worker([&] {
      for (int i = 0; i < 50; i++) channel.wakeMain();
    });
    channel.onWakeMain(nullptr);
    target.reset();  // the sanitizers see who still uses it
    worker.join();
  }
}

TEST_CASE("channel: many threads push, nothing is lost or reordered, the worker hears of all") {
  constexpr uint32_t kThreads = 4;
  constexpr uint32_t kEach = 5000;
  Channel channel(1);
  std::mutex mutex;
  std::condition_variable condition;
  bool woken = false;
  channel.onWakeWorker([&] {
    std::lock_guard lock(mutex);
    woken = true;
    condition.notify_one();
  });
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; t++) {
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < kEach; i++) {
        if (i % 7 == 0) {
          LargeCommand large{};
          large.record.slot = t;
          large.record.aux = i;
          channel.push(std::move(large));
        } else {
          channel.push(Commands{t, i});
        }
      }
    });
  }
  std::vector<uint32_t> next(kThreads);
  uint32_t total = 0;
  bool ordered = true;
  // Sleeps until it is woken, as a loop does: a wake-up that is lost shows as a time-out.
  while (total < kThreads * kEach) {
    std::unique_lock lock(mutex);
    REQUIRE(condition.wait_for(lock, std::chrono::seconds(20), [&] { return woken; }));
    woken = false;
    lock.unlock();
    for (const Item& item : channel.take()) {
      const auto* large = std::get_if<LargeCommand>(&item);
      const uint32_t thread = large ? large->record.slot : std::get<Commands>(item).slab;
      const uint32_t number = large ? large->record.aux : std::get<Commands>(item).length;
      if (number != next[thread]++) ordered = false;
      total++;
    }
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ordered);
  CHECK(channel.take().empty());
}

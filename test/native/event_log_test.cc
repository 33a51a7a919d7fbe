#include "../../native/core/channel/event_log.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <thread>

#include "../../native/core/net/connection.h"
#include "../../native/core/net/log_sink.h"
#include "support.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// Wakes a thread that sleeps, as a loop's async handle does.
class Signal {
 public:
  void raise() {
    std::lock_guard lock(mutex_);
    raised_ = true;
    condition_.notify_one();
  }
  // False: nobody came.
  bool wait() {
    std::unique_lock lock(mutex_);
    const bool came =
        condition_.wait_for(lock, std::chrono::seconds(20), [this] { return raised_; });
    raised_ = false;
    return came;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool raised_ = false;  // guarded by mutex_
};

template <class Visit>
void forEachRecord(const EventLog::Range& range, Visit visit) {
  for (size_t at = range.begin; at < range.end;) {
    Record record;
    std::memcpy(&record, range.slab->data() + at, sizeof record);
    visit(record, range.slab->data() + at + sizeof record);
    at += record.size;
  }
}

void fill(uint8_t* out, size_t size, uint32_t number) {
  for (size_t i = 0; i < size; i++) out[i] = static_cast<uint8_t>(number + i * 7);
}

bool isFilled(const uint8_t* bytes, size_t size, uint32_t number) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != static_cast<uint8_t>(number + i * 7)) return false;
  }
  return true;
}

ws::Bytes bytesOf(size_t size, uint32_t number) {
  ws::Bytes bytes;
  REQUIRE(bytes.reallocate(size));
  fill(bytes.data(), size, number);
  bytes.grow(size);
  return bytes;
}

}  // namespace

TEST_CASE("event log: nothing is seen before it is published, then all of it at once") {
  EventLog log;
  CHECK_FALSE(log.hasNews());
  CHECK_FALSE(log.publish());
  std::memcpy(log.append(Event::message, flag::binary, {3, 4}, 5, 6), "hello", 5);
  log.append(Event::ended, 0, {3, 4}, 0, 0);
  CHECK(log.hasNews());
  CHECK(log.take().empty());
  CHECK(log.publish());
  CHECK_FALSE(log.hasNews());
  log.append(Event::pong, 0, {3, 4}, 0, 0);
  CHECK_FALSE(log.publish());  // it was woken and has not looked yet

  const auto ranges = log.take();
  size_t records = 0;
  for (const auto& range : ranges) {
    forEachRecord(range, [&](const Record& record, const uint8_t* payload) {
      if (records++ > 0) return;
      CHECK_EQ(record.size, recordSize(5));
      CHECK_EQ(record.type, static_cast<uint16_t>(Event::message));
      CHECK_EQ(record.flags, flag::binary);
      CHECK_EQ(record.slot, 3);
      CHECK_EQ(record.generation, 4);
      CHECK_EQ(record.aux, 6);
      CHECK_EQ(toString(payload, record.length), "hello");
    });
  }
  CHECK_EQ(records, 3);
  log.append(Event::pong, 0, {3, 4}, 0, 0);
  CHECK(log.publish());
}

TEST_CASE(
    "event log: a record that does not fit goes to the next slab, a giant to one of its own") {
  EventLog log;
  const size_t sizes[] = {40'000, 40'000, 300'000, 10};
  for (uint32_t i = 0; i < 4; i++) fill(log.append(Event::data, 0, {}, sizes[i], i), sizes[i], i);
  log.publish();
  uint32_t number = 0;
  for (const auto& range : log.take()) {
    forEachRecord(range, [&](const Record& record, const uint8_t* payload) {
      CHECK_EQ(record.aux, number);
      CHECK(isFilled(payload, record.length, number));
      number++;
    });
  }
  CHECK_EQ(number, 4);
}

TEST_CASE("event log: payloads that users see lie apart from the records, and are counted") {
  EventLog log;
  const size_t sizes[] = {5, 30'000, 30'000, 1, 100'000, 8};
  size_t bytes = 0;
  for (uint32_t i = 0; i < 6; i++) {
    fill(log.appendShown(Event::data, flag::binary, {i, 1}, sizes[i]), sizes[i], i);
    bytes += sizeof(Record) + (sizes[i] + 7) / 8 * 8;
    if (i == 2) std::memcpy(log.append(Event::closed, 0, {i, 1}, 3, 0), "end", 3);
  }
  bytes += recordSize(3);
  log.publish();
  uint32_t number = 0;
  size_t told = 0;
  for (const auto& range : log.take()) {
    told += range.bytes;
    forEachRecord(range, [&](const Record& record, const uint8_t* payload) {
      if (record.type == static_cast<uint16_t>(Event::closed)) {
        CHECK_EQ(toString(payload, record.length), "end");
        return;
      }
      CHECK_EQ(record.size, sizeof(Record));
      CHECK_EQ(record.flags, flag::binary | flag::shown);
      CHECK_EQ(record.length, sizes[number]);
      REQUIRE_LE(record.aux + record.length, range.shown->size());
      CHECK(isFilled(range.shown->data() + record.aux, record.length, number));
      number++;
    });
  }
  CHECK_EQ(number, 6);
  CHECK_EQ(told, bytes);
  log.append(Event::pong, 0, {}, 0, 0);
  log.publish();
  CHECK_FALSE(log.take().front().shown);
}

TEST_CASE("event log: payloads handed over as they are come in order") {
  EventLog log;
  for (uint32_t i = 0; i < 3; i++) {
    log.appendExternal(Event::message, flag::binary, {i, 1}, bytesOf(20'000 + i, i));
  }
  CHECK_EQ(log.takeExternal().size(), 0);
  log.publish();
  for (uint32_t i = 0; i < 3; i++) CHECK_EQ(log.takeExternal().size(), 20'000 + i);
  CHECK_EQ(log.takeExternal().size(), 0);
}

TEST_CASE("event log: who waits for room is told once, when it is there") {
  EventLog log;
  CHECK_FALSE(log.congested());
  CHECK_FALSE(log.awaitRoom());  // there is room
  const size_t size = recordSize(0) + 1'000'000;
  for (uint32_t i = 0; i < 9; i++) {
    log.appendExternal(Event::message, 0, {}, bytesOf(1'000'000, i));
  }
  CHECK(log.congested());
  CHECK(log.awaitRoom());
  CHECK(log.awaitRoom());  // may be said again
  int told = 0;
  for (int i = 0; i < 9; i++) {
    told += log.consumed(size, 1);
    if (i < 6) CHECK_EQ(told, 0);
  }
  CHECK_EQ(told, 1);
  CHECK_FALSE(log.congested());
  // Nobody waits any more.
  log.appendExternal(Event::message, 0, {}, bytesOf(9'000'000, 0));
  CHECK_FALSE(log.consumed(9'000'000 + recordSize(0), 1));
}

TEST_CASE("event log: who asks and need not wait takes nobody's wait away") {
  for (const bool room : {false, true}) {
    EventLog log;
    log.append(Event::message, 0, {}, 0, 0);
    CHECK_EQ(log.appended(), recordSize(0));
    CHECK(log.awaitConsumed(log.appended()));
    if (room) {
      CHECK_FALSE(log.awaitRoom());
    } else {
      CHECK_FALSE(log.awaitConsumed(0));
    }
    CHECK(log.consumed(recordSize(0), 1));
    CHECK_EQ(log.consumedOf(), log.appended());
    CHECK_FALSE(log.consumed(0, 0));
  }
}

TEST_CASE("event log: it is full of records, however few bytes they have") {
  EventLog log;
  size_t records = 0;
  for (; !log.congested(); records++) {
    REQUIRE_LT(records, 1'000'000);
    log.append(Event::message, 0, {}, 0, 0);
  }
  CHECK_LT(records * recordSize(0), 1'000'000);
  CHECK(log.awaitRoom());
  log.publish();
  size_t consumed = 0;
  bool told = false;
  for (const auto& range : log.take()) {
    CHECK_EQ((range.end - range.begin) / recordSize(0), range.records);
    consumed += range.records;
    const bool room = log.consumed(range.bytes, range.records);
    CHECK_EQ(room, !std::exchange(told, told || room) && room);
  }
  CHECK_EQ(consumed, records);
  CHECK(told);
  CHECK_FALSE(log.congested());
}

TEST_CASE("event log: who takes so many at once gets the rest by asking again") {
  EventLog log;
  constexpr uint32_t kCount = 10'000;
  for (uint32_t i = 0; i < kCount; i++) log.append(Event::message, 0, {i, 1}, 2, i);
  CHECK(log.publish());
  uint32_t next = 0;
  for (bool more = true; more;) {
    const uint32_t before = next;
    for (const auto& range : log.take(3'000, more)) {
      forEachRecord(range, [&](const Record& record, const uint8_t*) {
        CHECK_EQ(record.aux, next);
        next++;
      });
    }
    // Up to the end of a slab.
    CHECK_LE(next - before, 3'000 + kSlabSize / recordSize(2));
    if (!more) continue;
    // Whoever has more to take comes by itself.
    log.append(Event::message, 0, {kCount + before, 1}, 0, kCount);
    CHECK_FALSE(log.publish());
    break;
  }
  bool more = true;
  CHECK_LT(next, kCount);
  size_t left = 0;
  while (more) {
    for (const auto& range : log.take(3'000, more)) left += range.records;
  }
  CHECK_EQ(next + left, kCount + 1);
  log.append(Event::message, 0, {}, 0, 0);
  CHECK(log.publish());
}

TEST_CASE("log sink: being full is said together with the wish to hear of room") {
  EventLog log;
  LogSink sink(log);
  CHECK_FALSE(sink.congested());
  log.appendExternal(Event::message, 0, {}, bytesOf(9'000'000, 0));
  CHECK(sink.congested());
  CHECK(log.consumed(9'000'000 + recordSize(0), 1));
  CHECK_FALSE(sink.congested());
}

TEST_CASE("log sink: long payloads get memory of their own, short ones lie in the log") {
  EventLog log;
  LogSink sink(log);
  Connection connection({1, 2});
  const auto flagsOfNext = [&] {
    log.publish();
    uint16_t flags = 0;
    for (const auto& range : log.take()) {
      forEachRecord(range, [&](const Record& record, const uint8_t*) { flags = record.flags; });
    }
    return flags;
  };
  const Octets bytes(16 * 1024 + 1);
  sink.message(connection, ws::Opcode::text, bytes.data(), bytes.size() - 1);
  CHECK_EQ(flagsOfNext(), flag::shown);
  sink.message(connection, ws::Opcode::binary, bytes.data(), bytes.size());
  CHECK_EQ(flagsOfNext(), flag::binary | flag::external);
  CHECK_EQ(log.takeExternal().size(), bytes.size());
  sink.message(connection, ws::Opcode::text, bytesOf(100, 0));
  CHECK_EQ(flagsOfNext(), flag::shown);
  sink.message(connection, ws::Opcode::text, bytesOf(100'000, 0));
  CHECK_EQ(flagsOfNext(), flag::external);
  sink.data(connection, bytes.data(), 0);
  CHECK_EQ(flagsOfNext(), flag::binary);
}

// The producer stops where the log is congested, as a service stops reading, and goes on only when
// it is told that there is room; the consumer sleeps until it is woken.
TEST_CASE("event log: two threads, any sizes: all arrives in order, no wake-up is lost") {
  const uint64_t base = seed();
  const double duration = seconds(1.5);
  const auto begun = std::chrono::steady_clock::now();
  uint64_t rounds = 0;
  uint64_t stalls = 0;
  uint64_t total = 0;
  do {
    EventLog log;
    LogSink sink(log);
    Signal toConsumer;
    Signal toProducer;
    const uint64_t roundSeed = base + rounds++;
    const uint32_t count = 1500;
    std::atomic<bool> failed{false};

    std::thread producer([&] {
      std::mt19937_64 random(roundSeed);
      const auto publish = [&] {
        if (log.publish()) toConsumer.raise();
      };
      for (uint32_t number = 0; number < count && !failed; number++) {
        while (sink.congested()) {
          publish();
          stalls++;
          if (!toProducer.wait()) {
            failed = true;
            MESSAGE("the producer waits for ever, round ", roundSeed);
            return;
          }
        }
        const size_t size = random() % (random() % 4 == 0 ? 200'000 : 300);
        if (size > 16 * 1024 && random() % 4 != 0) {
          log.appendExternal(Event::message, 0, {number, 1}, bytesOf(size, number));
        } else {
          const bool shown = size > 0 && random() % 2 == 0;
          fill(shown ? log.appendShown(Event::data, 0, {number, 1}, size)
                     : log.append(Event::data, 0, {number, 1}, size, number),
               size, number);
        }
        if (random() % 20 == 0) publish();
      }
      publish();
    });

    std::mt19937_64 random(~roundSeed);
    uint32_t next = 0;
    while (next < count && !failed) {
      if (!toConsumer.wait()) {
        failed = true;
        MESSAGE("the consumer waits for ever, round ", roundSeed);
        toProducer.raise();
        break;
      }
      // Now and then slower than the producer.
      if (random() % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      bool awaited = false;
      for (const auto& range : log.take()) {
        forEachRecord(range, [&](const Record& record, const uint8_t* payload) {
          bool right = record.slot == next;
          if ((record.flags & flag::external) != 0) {
            const ws::Bytes bytes = log.takeExternal();
            right =
                right && bytes.size() == record.aux && isFilled(bytes.data(), bytes.size(), next);
            awaited |= log.consumed(bytes.size(), 0);
          } else {
            const bool shown = (record.flags & flag::shown) != 0;
            right = right && isFilled(shown ? range.shown->data() + record.aux : payload,
                                      record.length, next);
          }
          if (!right) failed = true;
          next++;
        });
        awaited |= log.consumed(range.bytes, range.records);
      }
      if (awaited) toProducer.raise();
    }
    producer.join();
    CHECK_EQ(next, count);
    REQUIRE_FALSE(failed);
    total += next;
  } while (std::chrono::steady_clock::now() - begun < std::chrono::duration<double>(duration));
  MESSAGE(rounds, " rounds, ", total, " events, ", stalls, " stalls");
}

// Events from a worker's service to one consumer: the main thread, or the JavaScript of the worker
// itself. One thread appends, one thread takes; what was appended becomes visible all at once.
//
// A message that users get is a view of the memory it lies in, and with it they have the rest of
// that memory: they can write to it, or transfer it to another thread. So it holds payloads alone.
// Records, and what JavaScript of ours reads from them, lie in memory that no user ever sees.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "../ws/bytes.h"
#include "record.h"
#include "slab.h"

namespace lwspool {

class EventLog {
 public:
  // Records [begin, end) of one slab, ready to be read.
  struct Range {
    SlabRef slab;
    size_t begin;
    size_t end;
    SlabRef shown;  // where the payloads of those flagged `shown` lie; null without any
    size_t bytes;   // of records and payloads: these two are what to say to consumed()
    size_t records;
  };

  EventLog() = default;
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Producer: makes room for an event and returns where its `length` bytes of payload go.
  uint8_t* append(Event type, uint16_t flags, ConnectionId id, size_t length, uint32_t aux);
  // Producer: the same of an event whose payload users get as it lies there; `length` is not 0.
  uint8_t* appendShown(Event type, uint16_t flags, ConnectionId id, size_t length);
  // Producer: an event whose payload stays where it is and is handed over as it is.
  void appendExternal(Event type, uint16_t flags, ConnectionId id, ws::Bytes&& payload);
  // Producer: something was appended since the last publish().
  bool hasNews() const { return position_ > begin_ || !staged_.empty(); }
  // Producer: shows what was appended. True where the consumer has to be woken.
  bool publish();
  // Producer: the consumer is so far behind that nothing more should be read for it.
  bool congested() const {
    const uint64_t backlog = backlog_.load(std::memory_order_relaxed);
    return bytesOf(backlog) > kHigh || recordsOf(backlog) > kHighRecords;
  }
  // Producer: says that it waits for the backlog to shrink; see consumed(). False where the
  // backlog has shrunk already; consumed() may still say so once, as others may wait who asked
  // before.
  bool awaitRoom();
  // Producer: how many bytes it has appended, and how many of those the consumer is done with.
  uint64_t appended() const { return appended_; }
  uint64_t consumedOf() const {
    return appended_ - bytesOf(backlog_.load(std::memory_order_acquire));
  }
  size_t backlog() const { return bytesOf(backlog_.load(std::memory_order_relaxed)); }
  // Producer: the same wait, for the consumer to be done with that many. False where it is already.
  bool awaitConsumed(uint64_t bytes);

  // EventSink: what was published and not taken, up to the range in which so many records are full.
  // More: there is more, and nobody wakes the consumer for it.
  std::vector<Range> take(size_t records, bool& more);
  std::vector<Range> take() {
    bool more = false;
    return take(SIZE_MAX, more);
  }
  // EventSink: the payload of the next record flagged external, in order.
  ws::Bytes takeExternal();
  // EventSink: is done with that much. True where the producer waits to hear of it.
  bool consumed(size_t bytes, size_t records);

 private:
  static constexpr size_t kHigh = 8 * 1024 * 1024;
  static constexpr size_t kLow = 2 * 1024 * 1024;
  // A record costs its consumer time, however few bytes it has: some 0.4 µs in JavaScript.
  static constexpr size_t kHighRecords = 32 * 1024;
  static constexpr size_t kLowRecords = 8 * 1024;
  // In one number, since counting is an atomic operation for each record.
  static constexpr int kRecordShift = 40;
  static constexpr uint64_t kRecord = uint64_t{1} << kRecordShift;
  static size_t bytesOf(uint64_t backlog) { return backlog & (kRecord - 1); }
  static size_t recordsOf(uint64_t backlog) { return backlog >> kRecordShift; }
  static bool isShort(uint64_t backlog) {
    return bytesOf(backlog) <= kLow && recordsOf(backlog) <= kLowRecords;
  }

  void stage();
  void count(size_t records, size_t bytes);
  Record* write(size_t size, Event type, uint16_t flags, ConnectionId id, size_t length,
                uint32_t aux);

  // The producer's own.
  SlabRef slab_;
  size_t begin_ = 0;     // first record of slab_ that is not staged
  size_t position_ = 0;  // where the next record goes
  size_t records_ = 0;   // between the two
  uint64_t appended_ = 0;
  SlabRef shown_;
  size_t shownEnd_ = 0;    // where the next payload goes
  size_t shownBytes_ = 0;  // of payloads whose records are not staged
  std::vector<Range> staged_;
  std::vector<ws::Bytes> stagedExternal_;

  std::atomic<uint64_t> backlog_{0};  // bytes and records appended and not yet consumed
  std::atomic<bool> producerWaits_{false};

  std::mutex mutex_;  // guards what follows
  std::vector<Range> ready_;
  std::deque<ws::Bytes> external_;
  bool wakePending_ = false;  // the consumer was woken and has not taken yet
};

}  // namespace lwspool

// Which names are taken, and the few figures of each connection that other threads read.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "../cell/lease_cell.h"
#include "../stats/figures.h"
#include "../stats/tcp_figures.h"
#include "record.h"

namespace lwspool {

// Written by the worker alone, read by JavaScript on any thread. Each side counts what it handed
// over, so what is on its way is the difference; nothing is ever locked for it. JavaScript reads
// the doubles as they are, in any order, for figures that may be a moment old. What a lease depends
// on is one number, which is read by Atomics.load(): nothing follows from the order of two.
struct LedgerEntry {
  std::atomic<double> acceptedMain;     // payload bytes taken over from the main thread's sends
  std::atomic<double> acceptedHandler;  // the same of the handler in the worker
  std::atomic<double> pending;          // bytes on the wire that the kernel has not taken yet
  // By Source: how many of its commands that write (isOutput) are done, modulo 2^32. The kernel has
  // taken all that they and those before them have asked for.
  std::atomic<uint32_t> written[2];
  // What JavaScript has taken out of the log and nobody has read: kHeldUnit bytes each. Written by
  // the side whose messages they are, read by the worker; 0 again before the slot is released.
  std::atomic<uint32_t> held;
  uint32_t spare;
};
static_assert(sizeof(LedgerEntry) == 5 * sizeof(double));
// A message counts as one more than it fills: it costs its holder something also where it is empty.
inline constexpr size_t kHeldUnit = 64;
static_assert(std::atomic<double>::is_always_lock_free);
static_assert(std::atomic<uint32_t>::is_always_lock_free);

inline constexpr uint32_t kSegmentSlots = 1024;

struct LedgerSegment {
  LedgerEntry entries[kSegmentSlots];
};
// Fewer, since each has many figures: a pool of few connections should cost little.
inline constexpr uint32_t kFigureSlots = 64;

struct FiguresSegment {
  ConnectionFigures rows[kFigureSlots];
};
struct TcpSegment {
  TcpFigures rows[kFigureSlots];
};

class SlotTable {
 public:
  // Counts: whether there are figures of connections.
  explicit SlotTable(uint32_t capacity, bool counts = true)
      : capacity_(capacity), counts_(counts) {}
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  // Any thread. Nothing where all slots are in use.
  std::optional<ConnectionId> allocate();
  // Any thread, once nobody uses the connection any more. A name that is not current is ignored.
  // Allocates nothing.
  void release(ConnectionId id);
  uint32_t capacity() const { return capacity_; }
  // Any thread. Null for a segment in which no slot was ever allocated.
  std::shared_ptr<LedgerSegment> segment(uint32_t index);
  std::shared_ptr<LeaseSegment> leases(uint32_t index);
  // The same; null also where nothing is counted.
  std::shared_ptr<FiguresSegment> figures(uint32_t index);
  // The same; null also where nothing was ever sampled. The worker makes them.
  std::shared_ptr<TcpSegment> tcp(uint32_t index, bool make = false);

 private:
  const uint32_t capacity_;
  const bool counts_;
  std::mutex mutex_;  // guards what follows
  std::vector<uint32_t> generations_;
  std::vector<uint32_t> free_;  // has room for every slot
  std::vector<std::shared_ptr<LedgerSegment>> segments_;
  std::vector<std::shared_ptr<LeaseSegment>> leases_;
  std::vector<std::shared_ptr<FiguresSegment>> figures_;
  std::vector<std::shared_ptr<TcpSegment>> tcp_;
};

}  // namespace lwspool

// The two queues between the main thread and one worker's service, and the wake-ups of both sides.
// Made by the main thread before the worker starts; outlives whichever side goes first.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "../ws/bytes.h"
#include "endpoint.h"
#include "event_log.h"
#include "outbox.h"
#include "record.h"
#include "slot_table.h"

namespace lwspool {

// What other threads ask of a worker's service, in order.
struct Commands {  // records in a slab of the outbox
  uint32_t slab;
  uint32_t length;
};
struct LargeCommand {  // a record whose payload does not fit in a slab
  Record record;
  ws::Bytes payload;
};
struct ConnectCommand {
  ConnectionId id;
  std::shared_ptr<const Endpoint> endpoint;
  uint32_t group;  // of handlers in the worker, which get its messages; 0: none
  bool owned;      // by the worker alone: the main thread knows nothing of it
};
struct LeaseNews {  // a lease came back, or was detached: the worker has something to do
  ConnectionId id;
};
struct LeaseReturn {  // a lease is over that its holder could not give back, see Leases::release()
  ConnectionId id;
  uint64_t token;
  bool intact;  // the descriptor that the holder was given is still the connection's
};
struct LeaseClock {  // a lease ends at that time (ms, monotonicNow()) if it is not given back
  ConnectionId id;
  uint64_t expiresAt;
};
using Item =
    std::variant<Commands, LargeCommand, ConnectCommand, LeaseNews, LeaseReturn, LeaseClock>;

class Channel {
 public:
  // Counts: whether figures are kept of connections and of the worker. Ceiling: see crowded().
  explicit Channel(uint32_t capacity, bool counts = true, int32_t ceiling = INT32_MAX)
      : slots(capacity, counts), ceiling_(ceiling), counts_(counts) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  SlotTable slots;
  Outbox outbox;
  EventLog events;  // produced by the worker, consumed by the main thread
  // The sum of LedgerEntry::held. Added to by JavaScript of both sides, atomically.
  std::atomic<int32_t> held{0};
  static_assert(std::atomic<int32_t>::is_always_lock_free);

  // Worker: more waits for the main thread, in the log or held, than all connections together may.
  bool crowded() const {
    if (ceiling_ == INT32_MAX) return false;
    const auto logged = static_cast<int64_t>(events.backlog() / kHeldUnit);
    return held.load(std::memory_order_relaxed) + logged > ceiling_;
  }

  // Null where nothing is counted.
  WorkerFigures* figures() { return counts_ ? &figures_ : nullptr; }

  // Any thread. Wakes the worker once per batch.
  void push(Item item);
  // Worker.
  std::vector<Item> take();

  // Either side, for itself: how it is woken. An empty function: it is gone.
  void onWakeWorker(std::function<void()> wake);
  void onWakeMain(std::function<void()> wake);
  // Any thread.
  void wakeWorker();
  void wakeMain();

 private:
  const int32_t ceiling_;  // units of kHeldUnit bytes
  const bool counts_;
  WorkerFigures figures_{};

  std::mutex queueMutex_;  // guards the two that follow
  std::vector<Item> items_;
  bool wakePending_ = false;

  // Held while the wake-up runs, so that a side which clears its own is not called any more.
  std::mutex workerWakeMutex_;
  std::function<void()> wakeWorker_;  // guarded by workerWakeMutex_
  std::mutex mainWakeMutex_;
  std::function<void()> wakeMain_;  // guarded by mainWakeMutex_
};

}  // namespace lwspool

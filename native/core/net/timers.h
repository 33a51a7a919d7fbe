// Deadlines of connections, one for each slot at most: one that moves takes its entry along, so
// that there never are more entries than connections. A binary heap that knows where each slot's
// entry lies. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "../base/connection_id.h"

namespace lwspool {

class Timers {
 public:
  struct Entry {
    uint64_t deadline;
    ConnectionId id;
  };

  // In place of the one that the slot had.
  void set(uint64_t deadline, ConnectionId id) {
    if (id.slot >= places_.size()) places_.resize(id.slot + 1, kNone);
    size_t at = places_[id.slot];
    if (at == kNone) {
      at = heap_.size();
      heap_.push_back({deadline, id});
    }
    place(at, {deadline, id});
    rise(at);
    sink(places_[id.slot]);
  }
  // The same, unless that connection has an earlier one.
  void hasten(uint64_t deadline, ConnectionId id) {
    const Entry* const known = find(id);
    if (known == nullptr || deadline < known->deadline) set(deadline, id);
  }
  void remove(ConnectionId id) {
    if (find(id) != nullptr) removeAt(places_[id.slot]);
  }
  // The next one whose time has come.
  bool pop(uint64_t now, Entry& out) {
    if (heap_.empty() || heap_.front().deadline > now) return false;
    out = heap_.front();
    removeAt(0);
    return true;
  }
  // When to look again; 0: never.
  uint64_t next() const { return heap_.empty() ? 0 : heap_.front().deadline; }
  size_t size() const { return heap_.size(); }

 private:
  static constexpr size_t kNone = SIZE_MAX;

  const Entry* find(ConnectionId id) const {
    const size_t at = id.slot < places_.size() ? places_[id.slot] : kNone;
    return at != kNone && heap_[at].id == id ? &heap_[at] : nullptr;
  }
  void place(size_t at, const Entry& entry) {
    heap_[at] = entry;
    places_[entry.id.slot] = at;
  }
  void exchange(size_t one, size_t other) {
    const Entry entry = heap_[one];
    place(one, heap_[other]);
    place(other, entry);
  }
  void rise(size_t at) {
    for (; at > 0 && heap_[at].deadline < heap_[(at - 1) / 2].deadline; at = (at - 1) / 2) {
      exchange(at, (at - 1) / 2);
    }
  }
  void sink(size_t at) {
    for (size_t child; (child = 2 * at + 1) < heap_.size(); at = child) {
      if (child + 1 < heap_.size() && heap_[child + 1].deadline < heap_[child].deadline) child++;
      if (heap_[at].deadline <= heap_[child].deadline) return;
      exchange(at, child);
    }
  }
  void removeAt(size_t at) {
    exchange(at, heap_.size() - 1);
    places_[heap_.back().id.slot] = kNone;
    heap_.pop_back();
    if (at == heap_.size()) return;
    const uint32_t slot = heap_[at].id.slot;
    rise(at);
    sink(places_[slot]);
  }

  std::vector<Entry> heap_;
  std::vector<size_t> places_;  // in the heap, by slot
};

}  // namespace lwspool

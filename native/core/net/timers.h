// Deadlines of connections. A deadline that was moved leaves its old entry behind, which is told
// from the right one when its time comes. Worker thread only.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "../channel/record.h"

namespace lwspool {

class Timers {
 public:
  struct Entry {
    uint64_t deadline;
    ConnectionId id;
    bool operator>(const Entry& other) const { return deadline > other.deadline; }
  };

  void add(uint64_t deadline, ConnectionId id) { entries_.push({deadline, id}); }
  // The next one whose time has come.
  bool pop(uint64_t now, Entry& out) {
    if (entries_.empty() || entries_.top().deadline > now) return false;
    out = entries_.top();
    entries_.pop();
    return true;
  }
  // When to look again; 0: never.
  uint64_t next() const { return entries_.empty() ? 0 : entries_.top().deadline; }

 private:
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> entries_;
};

}  // namespace lwspool

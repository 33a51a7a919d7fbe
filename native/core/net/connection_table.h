// A worker's connections, by slot. Worker thread only.
#pragma once

#include <cstdint>
#include <deque>

#include "../channel/slot_table.h"
#include "connection.h"

namespace lwspool {

class ConnectionTable {
 public:
  explicit ConnectionTable(SlotTable& slots) : slots_(slots) {}
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  // A new connection in that slot, in place of the one before.
  Connection& place(ConnectionId);
  // Null: there is none by that name, or not any more.
  Connection* find(ConnectionId);
  // Also one that is over; null: nobody ever had the slot.
  Connection* lastOf(uint32_t slot) {
    return slot < connections_.size() ? &connections_[slot] : nullptr;
  }
  template <class Visit>
  void forEach(Visit visit) {
    for (Connection& connection : connections_) {
      if (connection.phase() != Phase::free) visit(connection);
    }
  }

 private:
  SlotTable& slots_;
  std::deque<Connection> connections_;  // an element never moves
};

}  // namespace lwspool

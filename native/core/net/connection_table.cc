#include "connection_table.h"

#include <memory>

namespace lwspool {

Connection& ConnectionTable::place(ConnectionId id) {
  while (connections_.size() <= id.slot) {
    connections_.emplace_back(ConnectionId{static_cast<uint32_t>(connections_.size()), 0});
  }
  Connection& connection = connections_[id.slot];
  std::destroy_at(&connection);
  std::construct_at(&connection, id);
  const auto figures = slots_.figures(id.slot / kFigureSlots);
  connection.place(&slots_.segment(id.slot / kSegmentSlots)->entries[id.slot % kSegmentSlots],
                   &slots_.leases(id.slot / kLeaseSlots)->cells[id.slot % kLeaseSlots],
                   figures ? &figures->rows[id.slot % kFigureSlots] : nullptr);
  return connection;
}

Connection* ConnectionTable::find(ConnectionId id) {
  if (id.slot >= connections_.size()) return nullptr;
  Connection& connection = connections_[id.slot];
  return connection.id == id && connection.phase() != Phase::free ? &connection : nullptr;
}

}  // namespace lwspool

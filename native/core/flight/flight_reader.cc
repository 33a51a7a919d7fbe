#include "flight_reader.h"

#include <utility>

namespace lwspool {

std::string copyFlight(SlotTable& slots, ConnectionId id, uint32_t most) {
  const auto segment = slots.leases(id.slot / kLeaseSlots);
  if (!segment) return {};
  LeaseCell& cell = segment->cells[id.slot % kLeaseSlots];
  std::lock_guard lock(cell.mutex);
  return cell.flight && cell.flight->id() == id ? cell.flight->copy(most) : std::string();
}

bool copyFlights(SlotTable& slots, uint32_t segment, std::vector<std::string>& out) {
  const auto found = slots.leases(segment);
  if (!found) return false;
  for (LeaseCell& cell : found->cells) {
    std::lock_guard lock(cell.mutex);
    if (cell.flight) out.push_back(cell.flight->copy());
  }
  return true;
}

}  // namespace lwspool

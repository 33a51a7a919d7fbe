#include "flight_reader.h"

#include <utility>

namespace lwspool {

namespace {

// Null where nothing is recorded. It stays for as long as somebody reads it.
std::shared_ptr<const FlightRecorder> recorderOf(LeaseCell& cell) {
  std::lock_guard lock(cell.flightMutex);
  return cell.flight;
}

}  // namespace

std::string copyFlight(SlotTable& slots, ConnectionId id, uint32_t most) {
  const auto segment = slots.leases(id.slot / kLeaseSlots);
  if (!segment) return {};
  const auto recorder = recorderOf(segment->cells[id.slot % kLeaseSlots]);
  return recorder && recorder->id() == id ? recorder->copy(most) : std::string();
}

bool copyFlights(SlotTable& slots, uint32_t segment, std::vector<std::string>& out) {
  const auto found = slots.leases(segment);
  if (!found) return false;
  for (LeaseCell& cell : found->cells) {
    if (const auto recorder = recorderOf(cell)) out.push_back(recorder->copy());
  }
  return true;
}

}  // namespace lwspool

#include "slot_table.h"

namespace lwspool {

std::optional<ConnectionId> SlotTable::allocate() {
  std::lock_guard lock(mutex_);
  uint32_t slot;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    if (generations_.size() == capacity_) return std::nullopt;
    slot = static_cast<uint32_t>(generations_.size());
    generations_.push_back(1);
    if (slot % kSegmentSlots == 0) segments_.push_back(std::make_shared<LedgerSegment>());
    if (slot % kLeaseSlots == 0) leases_.push_back(std::make_shared<LeaseSegment>());
    if (counts_ && slot % kFigureSlots == 0) {
      figures_.push_back(std::make_shared<FiguresSegment>());
    }
  }
  LedgerEntry& entry = segments_[slot / kSegmentSlots]->entries[slot % kSegmentSlots];
  entry.acceptedOwner = 0;
  entry.acceptedHandler = 0;
  entry.pending = 0;
  for (auto& written : entry.written) written = 0;
  if (counts_) figures_[slot / kFigureSlots]->rows[slot % kFigureSlots].clear();
  return ConnectionId{slot, generations_[slot]};
}

void SlotTable::release(ConnectionId id) {
  std::lock_guard lock(mutex_);
  if (id.slot >= generations_.size() || generations_[id.slot] != id.generation) return;
  generations_[id.slot]++;
  free_.push_back(id.slot);
}

std::shared_ptr<LedgerSegment> SlotTable::segment(uint32_t index) {
  std::lock_guard lock(mutex_);
  return index < segments_.size() ? segments_[index] : nullptr;
}

std::shared_ptr<LeaseSegment> SlotTable::leases(uint32_t index) {
  std::lock_guard lock(mutex_);
  return index < leases_.size() ? leases_[index] : nullptr;
}

std::shared_ptr<TcpSegment> SlotTable::tcp(uint32_t index, bool make) {
  std::lock_guard lock(mutex_);
  while (make && tcp_.size() <= index && index < figures_.size()) {
    tcp_.push_back(std::make_shared<TcpSegment>());
  }
  return index < tcp_.size() ? tcp_[index] : nullptr;
}

std::shared_ptr<FiguresSegment> SlotTable::figures(uint32_t index) {
  std::lock_guard lock(mutex_);
  return index < figures_.size() ? figures_[index] : nullptr;
}

}  // namespace lwspool

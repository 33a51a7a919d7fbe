#include "slot_table.h"

#include <algorithm>

namespace lwspool {

namespace {

// The segment with that number is there from now on.
template <class Segment>
void makeRoom(std::vector<std::shared_ptr<Segment>>& segments, size_t number) {
  if (segments.size() == number) segments.push_back(std::make_shared<Segment>());
}

}  // namespace

std::optional<ConnectionId> SlotTable::allocate() {
  std::lock_guard lock(mutex_);
  uint32_t slot;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    if (generations_.size() == capacity_) return std::nullopt;
    slot = static_cast<uint32_t>(generations_.size());
    // The slot last: where there is no memory for what belongs to it, there is no such slot yet.
    // Room for it among the free ones is part of that, so that release() needs no memory.
    if (free_.capacity() <= slot) {
      free_.reserve(std::min<size_t>(capacity_, 2 * static_cast<size_t>(slot) + 64));
    }
    makeRoom(segments_, slot / kSegmentSlots);
    makeRoom(leases_, slot / kLeaseSlots);
    if (counts_) makeRoom(figures_, slot / kFigureSlots);
    generations_.push_back(1);
  }
  LedgerEntry& entry = segments_[slot / kSegmentSlots]->entries[slot % kSegmentSlots];
  entry.acceptedMain = 0;
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

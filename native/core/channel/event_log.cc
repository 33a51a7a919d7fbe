#include "event_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lwspool {

uint8_t* EventLog::append(Event type, uint16_t flags, ConnectionId id, size_t length,
                          uint32_t aux) {
  return reinterpret_cast<uint8_t*>(write(recordSize(length), type, flags, id, length, aux) + 1);
}

uint8_t* EventLog::appendShown(Event type, uint16_t flags, ConnectionId id, size_t length) {
  const size_t size = (length + 7) & ~size_t{7};
  if (!shown_ || shownEnd_ + size > shown_->size()) {
    SlabRef next(Slab::create(std::max(kSlabSize, size)));
    stage();  // the records so far have theirs in the other one
    shown_ = std::move(next);
    shownEnd_ = 0;
  }
  const size_t at = shownEnd_;
  write(recordSize(0), type, flags | flag::shown, id, length, static_cast<uint32_t>(at));
  shownEnd_ += size;
  shownBytes_ += size;
  count(0, size);
  return shown_->data() + at;
}

Record* EventLog::write(size_t size, Event type, uint16_t flags, ConnectionId id, size_t length,
                        uint32_t aux) {
  if (!slab_ || position_ + size > slab_->size()) {
    SlabRef next(Slab::create(std::max(kSlabSize, size)));
    stage();
    slab_ = std::move(next);
    begin_ = position_ = 0;
  }
  auto* record = reinterpret_cast<Record*>(slab_->data() + position_);
  *record = {static_cast<uint32_t>(size),
             static_cast<uint16_t>(type),
             flags,
             id.slot,
             id.generation,
             static_cast<uint32_t>(length),
             aux};
  position_ += size;
  records_++;
  count(1, size);
  return record;
}

void EventLog::count(size_t records, size_t bytes) {
  appended_ += bytes;
  backlog_.fetch_add(records * kRecord + bytes, std::memory_order_relaxed);
}

void EventLog::appendExternal(Event type, uint16_t flags, ConnectionId id, ws::Bytes&& payload) {
  const auto length = static_cast<uint32_t>(payload.size());
  stagedExternal_.push_back(std::move(payload));
  try {
    append(type, flags | flag::external, id, 0, length);
  } catch (...) {
    stagedExternal_.pop_back();  // it would be taken for another record's
    throw;
  }
  count(0, length);
}

void EventLog::stage() {
  if (position_ == begin_) return;
  const size_t bytes = position_ - begin_ + shownBytes_;
  staged_.push_back(
      {slab_, begin_, position_, shownBytes_ > 0 ? shown_ : SlabRef(), bytes, records_});
  begin_ = position_;
  shownBytes_ = records_ = 0;
}

bool EventLog::publish() {
  stage();
  if (staged_.empty()) return false;
  bool wake;
  {
    std::lock_guard lock(mutex_);
    if (ready_.empty()) {
      ready_.swap(staged_);
    } else {
      for (Range& range : staged_) ready_.push_back(std::move(range));
    }
    for (ws::Bytes& bytes : stagedExternal_) external_.push_back(std::move(bytes));
    wake = !std::exchange(wakePending_, true);
  }
  staged_.clear();
  stagedExternal_.clear();
  return wake;
}

bool EventLog::awaitRoom() {
  producerWaits_.store(true);
  return !isShort(backlog_.load());
}

bool EventLog::awaitConsumed(uint64_t bytes) {
  producerWaits_.store(true);
  return appended_ - bytesOf(backlog_.load()) < bytes;
}

std::vector<EventLog::Range> EventLog::take(size_t records, bool& more) {
  std::vector<Range> ranges;
  std::lock_guard lock(mutex_);
  size_t count = 0;
  for (size_t taken = 0; count < ready_.size() && taken < records; count++) {
    taken += ready_[count].records;
  }
  more = count < ready_.size();
  if (!more) {
    ranges.swap(ready_);
    wakePending_ = false;
    return ranges;
  }
  const auto end = ready_.begin() + static_cast<ptrdiff_t>(count);
  ranges.assign(std::make_move_iterator(ready_.begin()), std::make_move_iterator(end));
  ready_.erase(ready_.begin(), end);
  return ranges;
}

ws::Bytes EventLog::takeExternal() {
  std::lock_guard lock(mutex_);
  if (external_.empty()) return {};
  ws::Bytes bytes = std::move(external_.front());
  external_.pop_front();
  return bytes;
}

bool EventLog::consumed(size_t bytes, size_t records) {
  const uint64_t amount = records * kRecord + bytes;
  const uint64_t left = backlog_.fetch_sub(amount) - amount;
  return isShort(left) && producerWaits_.load() && producerWaits_.exchange(false);
}

}  // namespace lwspool

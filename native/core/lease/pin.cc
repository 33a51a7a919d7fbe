#include "pin.h"

#include <utility>

namespace lwspool {

Pin::Pin(std::shared_ptr<Channel> channel, std::shared_ptr<LeaseSegment> segment, ConnectionId id,
         uint64_t token, Lane lane)
    : channel_(std::move(channel)),
      segment_(std::move(segment)),
      id_(id),
      token_(token),
      lane_(lane) {}

Pin& Pin::operator=(Pin&& other) noexcept {
  if (this == &other) return *this;
  drop();
  channel_ = std::move(other.channel_);
  segment_ = std::move(other.segment_);
  id_ = other.id_;
  token_ = other.token_;
  lane_ = other.lane_;
  return *this;
}

// Runs `act(LeaseCell&)` while the pin counts: not any more once the connection has ended.
template <class Do>
void Pin::with(Do act) {
  if (!segment_) return;
  LeaseCell& pinned = cell();
  // The lease may be over, and the worker at the slot's next connection for as long as it likes;
  // while the lease is out nobody keeps the lock, and what a pin notes must not get lost.
  do {
    if (pinned.token != token_) return;
  } while (!pinned.mutex.tryLockFor(kSlotPatience));
  std::lock_guard lock(pinned.mutex, std::adopt_lock);
  if (pinned.pinned(id_.generation, token_)) act(pinned);
}

void Pin::hasRead(uint8_t* data, size_t size) {
  with([&](LeaseCell& cell) { cell.hold().hasReadSocket(data, size); });
}

void Pin::hasWritten(const uint8_t* data, size_t size) {
  with([&](LeaseCell& cell) { cell.hold().hasWrittenSocket(data, size); });
}

void Pin::lost(const char* syscall, int error) {
  with([&](LeaseCell& cell) { cell.hold().lost(syscall, error); });
}

void Pin::abandon() {
  with([](LeaseCell& cell) { cell.hold().taint("an operation of a ring did not end"); });
  drop();
}

bool Pin::orphaned() {
  bool counts = false;
  with([&](LeaseCell&) { counts = true; });
  return segment_ && !counts;
}

bool Pin::drop() {
  bool news = false;
  bool closing = false;
  with([&](LeaseCell& cell) {
    news = cell.unpin(lane_);
    closing = cell.ownership == Ownership::returned && cell.verdict.ends();
  });
  segment_.reset();
  const auto channel = std::move(channel_);
  if (news) channel->push(LeaseNews{id_});
  return closing;
}

}  // namespace lwspool

// What an operation of a ring has of the lease that it belongs to, while it is in flight: as long
// as one of an exclusive lease is there, the connection does not go back to its worker. Any thread;
// each call takes the slot's lock, and does nothing once the connection is over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../cell/lease_cell.h"
#include "../channel/channel.h"

namespace lwspool {

class Pin {
 public:
  Pin() = default;  // of a shared lease, or of none: nothing waits for it
  Pin(std::shared_ptr<Channel>, std::shared_ptr<LeaseSegment>, ConnectionId, uint64_t token, Lane);
  ~Pin() { drop(); }
  Pin(Pin&& other) noexcept { *this = std::move(other); }
  Pin& operator=(Pin&&) noexcept;

  // What the operation has moved, of the socket itself.
  void hasRead(uint8_t* data, size_t size);
  void hasWritten(const uint8_t* data, size_t size);
  // The kernel has said by it that the connection is lost.
  void lost(const char* syscall, int error);
  // Nobody knows what it may still do: the connection must not go on.
  void abandon();
  // It is pinned, but the connection has ended since.
  bool orphaned();
  // It is over; any number of times. True: with it the lease has come back, and the connection
  // ends of what was done.
  bool drop();

 private:
  template <class Do>
  void with(Do act);
  LeaseCell& cell() { return segment_->cells[id_.slot % kLeaseSlots]; }

  std::shared_ptr<Channel> channel_;
  std::shared_ptr<LeaseSegment> segment_;  // null: nothing is pinned
  ConnectionId id_{};
  uint64_t token_ = 0;
  Lane lane_ = Lane::none;
};

}  // namespace lwspool

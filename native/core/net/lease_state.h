// Requests for leases on a connection that have to wait, and how deep the worker is in its own use
// of it. Worker thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>

#include "../base/connection_id.h"

namespace lwspool {

// A request for a lease that has to wait.
struct LeaseRequest {
  uint32_t request;  // its number, which the answer bears
  Source side;
  bool exclusive;
  bool frame;
  uint64_t maxHold;  // ms; 0: for ever
  bool barred = false;
  uint64_t barrier = 0;  // of all bytes ever queued: the lease begins behind these
};

class LeaseState {
 public:
  // For ConnectionGuard: they lie inside each other. True for the outermost.
  bool enter() { return guards_++ == 0; }
  bool leave() { return --guards_ == 0; }
  bool guarded() const { return guards_ > 0; }

  // Requests that wait, first come first served; also counted in the cell.
  bool waiting() const { return requests_ != nullptr; }
  // Only where one is waiting.
  LeaseRequest& first() { return requests_->front(); }
  const LeaseRequest& first() const { return requests_->front(); }
  void add(const LeaseRequest& request) {
    if (!requests_) requests_ = std::make_unique<std::deque<LeaseRequest>>();
    requests_->push_back(request);
  }
  void dropFirst() {
    requests_->pop_front();
    if (requests_->empty()) requests_.reset();
  }
  // False: there is none of that number.
  bool drop(uint32_t number, Source side) {
    if (!requests_) return false;
    const auto found = std::find_if(
        requests_->begin(), requests_->end(),
        [&](const LeaseRequest& one) { return one.request == number && one.side == side; });
    if (found == requests_->end()) return false;
    requests_->erase(found);
    if (requests_->empty()) requests_.reset();
    return true;
  }
  void clear() { requests_.reset(); }

 private:
  uint32_t guards_ = 0;
  std::unique_ptr<std::deque<LeaseRequest>> requests_;
};

}  // namespace lwspool

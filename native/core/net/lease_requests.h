// Which connections can be leased, and requests for leases that have to wait. Those that come back
// are in lease_returns.h; what needs no worker is in native/core/lease/. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "poll_set.h"
#include "send_queue.h"
#include "sinks.h"
#include "timers.h"
#include "turn.h"

namespace lwspool {

class LeaseRequests {
 public:
  LeaseRequests(const Turn& turn, const Sinks& sinks, PollSet& polls, SendQueue& queue)
      : turn_(turn), sinks_(sinks), polls_(polls), queue_(queue) {}
  LeaseRequests(const LeaseRequests&) = delete;
  LeaseRequests& operator=(const LeaseRequests&) = delete;

  // The connection stands: it can be leased once the lock, which is held, is given up.
  void makeLeasable(Connection&);
  // Takes the right back for good, from whoever has it. The lock is held: what a holder is at has
  // ended.
  void revoke(Connection&);

  // False: it was refused, as the connection is not established.
  bool add(Connection&, const LeaseRequest&);
  void cancel(Connection&, uint32_t request, Source);
  // First come, first served: grants what can be granted, and stops at what cannot.
  void grant(Connection&);
  // How much of the output may be written before the next request is to be granted.
  static size_t writable(const Connection&);
  // How much may be read at once: no further than to where a request could be granted.
  size_t readableAtOnce(const Connection&) const;
  // It is not read any more. A request may have waited for a frame to end, with output held back.
  void inputStopped(Connection&);

  // A lease of it ends then: it is to be looked at, unless it already is before.
  void hastenExpiry(uint64_t when, ConnectionId id) { timers_.hasten(when, id); }
  void dropExpiry(ConnectionId id) { timers_.remove(id); }
  bool popExpiry(uint64_t now, Timers::Entry& out) { return timers_.pop(now, out); }
  // When to look again; 0: never.
  uint64_t nextExpiry() const { return timers_.next(); }

 private:
  void refuse(Connection&, const LeaseRequest&, Refusal);
  static bool standsFor(Connection&, LeaseRequest&);

  const Turn& turn_;
  const Sinks& sinks_;
  PollSet& polls_;
  SendQueue& queue_;
  Timers timers_;
};

}  // namespace lwspool

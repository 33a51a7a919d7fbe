// Leased connections that come back, and leases whose time runs out. Worker thread only.
#pragma once

#include "../cell/holding.h"
#include "../channel/channel.h"
#include "closer.h"
#include "lease_requests.h"
#include "reader.h"

namespace lwspool {

class LeaseReturns {
 public:
  LeaseReturns(const Turn& turn, ConnectionTable& table, const Sinks& sinks, PollSet& polls,
               PendingReads& pending, SendQueue& queue, LeaseRequests& requests, Closer& closer,
               Reader& reader);
  LeaseReturns(const LeaseReturns&) = delete;
  LeaseReturns& operator=(const LeaseReturns&) = delete;

  // Something has become of the leases of that connection.
  void leaseNews(ConnectionId);
  // A lease whose holder could not give it back, since we were using the connection.
  void leaseReturn(const LeaseReturn&);
  // A lease of that connection ends then.
  void leaseClock(const LeaseClock&);
  // Those whose time is over.
  void expireLeases();

 private:
  void applyVerdict(Connection&, const Verdict&);
  void resumePolling(Connection&);
  void expire(Connection&);

  const Turn& turn_;
  ConnectionTable& table_;
  const Sinks& sinks_;
  PollSet& polls_;
  PendingReads& pending_;
  SendQueue& queue_;
  LeaseRequests& requests_;
  Closer& closer_;
  Reader& reader_;
};

}  // namespace lwspool

// How much may wait for a connection's consumer: its highWaterMark, one read more, and the message
// that is being put together. What waits lies in the log of the consumer, of which the worker knows
// by itself how far it is read, and in JavaScript, which says how much that is (LedgerEntry::held)
// and when it gets less (Command::taken).
//
// A connection that waits for its consumer is not read; the kernel's buffers fill, and then its
// peer's. One that is closing has to be read, since its peer's answer lies behind what comes
// before: what nobody takes then is thrown away. Worker
// thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "connection_table.h"
#include "lease_requests.h"
#include "pending_reads.h"
#include "poll_set.h"

namespace lwspool {

class Backpressure {
 public:
  Backpressure(const Turn& turn, ConnectionTable& table, PollSet& polls, PendingReads& pending,
               LeaseRequests& requests)
      : turn_(turn), table_(table), polls_(polls), pending_(pending), requests_(requests) {}
  Backpressure(const Backpressure&) = delete;
  Backpressure& operator=(const Backpressure&) = delete;

  // Whether it is not to be read for now; of one that is, what becomes of what comes.
  bool holdBack(Connection&);
  // Its consumer has come further, or JavaScript holds less of it.
  void reconsider(Connection&);
  // The consumers have room again.
  void resumeStalled();

 private:
  // Why it is not to be read for now. Log: what it gave lies there, and its consumer is waited for.
  // Held: JavaScript has that much of it. Dropped: the same, and it is read to be thrown away.
  enum class Stall : uint8_t { none, log, held, dropped };
  Stall stallOf(Connection&) const;
  void list(Connection&);

  const Turn& turn_;
  ConnectionTable& table_;
  PollSet& polls_;
  PendingReads& pending_;
  LeaseRequests& requests_;
  std::vector<ConnectionId> stalled_;
};

}  // namespace lwspool

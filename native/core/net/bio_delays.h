// Connections that a BIO of ours puts off, and what BIOs report. Worker thread only.
#pragma once

#include "poll_set.h"
#include "timers.h"
#include "turn.h"

namespace lwspool {

namespace bio {
class Chain;
}

class BioDelays {
 public:
  BioDelays(Turn& turn, PollSet& polls) : turn_(turn), polls_(polls) {}
  BioDelays(const BioDelays&) = delete;
  BioDelays& operator=(const BioDelays&) = delete;

  // A BIO says "retry" although the descriptor is ready. The poller, asked to wait for that, would
  // have nothing new to report; so the clock is waited for instead, each time for twice as long.
  // The lock is held.
  void backOff(Connection&, bio::Chain&);
  // The same of one that libwebsockets is opening, or that is within the HTTP upgrade.
  void backOffOpening(Connection&, bio::Chain&);
  // What a BIO has noted for the user. The lock is held.
  static void warn(Connection&);

  // The next one whose time has come.
  bool pop(uint64_t now, Timers::Entry& out) { return timers_.pop(now, out); }
  // When to look again; 0: never.
  uint64_t next() const { return timers_.next(); }

 private:
  void look(uint64_t when, ConnectionId);

  Turn& turn_;
  PollSet& polls_;
  Timers timers_;
};

}  // namespace lwspool

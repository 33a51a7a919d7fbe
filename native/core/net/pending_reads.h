// Connections that are to be read although no poller will say so: OpenSSL holds bytes of theirs, or
// they were put off when it told. Worker thread only.
#pragma once

#include <utility>
#include <vector>

#include "poll_set.h"
#include "turn.h"

namespace lwspool {

class PendingReads {
 public:
  PendingReads(Turn& turn, PollSet& polls) : turn_(turn), polls_(polls) {}
  PendingReads(const PendingReads&) = delete;
  PendingReads& operator=(const PendingReads&) = delete;

  void add(Connection&);
  // Whether it is to be read may have changed.
  void inputWanted(Connection&);
  bool empty() const { return ids_.empty(); }
  // All of them; those that come up meanwhile are for another turn.
  std::vector<ConnectionId> take() { return std::exchange(ids_, {}); }

 private:
  Turn& turn_;
  PollSet& polls_;
  std::vector<ConnectionId> ids_;
};

}  // namespace lwspool

// Sends of several connections with one call, where the poller can do that: see Poller::send().
// Worker thread only.
#pragma once

#include <span>
#include <vector>

#include "lease_requests.h"
#include "poll_set.h"
#include "service_figures.h"

namespace lwspool {

class JointSends {
 public:
  JointSends(PollSet& polls, ServiceFigures& figures) : polls_(polls), figures_(figures) {}
  JointSends(const JointSends&) = delete;
  JointSends& operator=(const JointSends&) = delete;

  // Before those that are to be flushed are: Writer::flush() then finds little or nothing to write,
  // and does all else for each in its turn.
  void send(std::span<Connection* const> dirty);

 private:
  void prepare(Connection&);

  PollSet& polls_;
  ServiceFigures& figures_;
  std::vector<Poller::Send> sends_;  // of one call, and whose they are
  std::vector<Connection*> senders_;
};

}  // namespace lwspool

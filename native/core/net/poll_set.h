// What the worker's poller is to tell of each connection. Worker thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "../base/fields.h"
#include "../poll/make_poller.h"
#include "connection.h"

namespace lwspool {

// Who ends a connection that the kernel has given up, or that cannot be polled.
class ConnectionLoss {
 public:
  virtual ~ConnectionLoss() = default;
  virtual void lost(Connection&, const char* syscall, int error) = 0;
};

class PollSet {
 public:
  // Throws std::runtime_error where the kernel has no such poller.
  PollSet(PollerKind, uint32_t capacity);
  PollSet(const PollSet&) = delete;
  PollSet& operator=(const PollSet&) = delete;

  // Before the first connection.
  void reportTo(ConnectionLoss& loss) { loss_ = &loss; }

  Poller& poller() { return *poller_; }
  // The same as of Poller::wait(), and notes that it was looked at.
  int wait(Poller::Ready* out) {
    looks_++;
    return poller_->wait(out);
  }
  // The number of the listening socket that is ready; false: that is the name of a connection.
  bool isListener(ConnectionId id, uint32_t& number) const {
    number = id.slot - capacity_;
    return id.slot >= capacity_;
  }

  // A descriptor that is to be opened, or was taken in: the poller tells Connector::serve() of it
  // until it is connected or accepted, and the service from then on. 0 or an errno.
  int watch(Connection&, int fd);
  // Why that failed.
  void describe(int error, ErrorInfo&) const;
  // The same for a socket that listens; `fresh`: for the first time. Told once, until it is called
  // again.
  int watchListener(int fd, uint32_t number, bool fresh);
  // Whether that was told of the present attempt. An earlier one had the same name: what was seen
  // before this one began is that one's.
  bool concerns(const Opening& opening) const {
    return opening.watched && opening.watchedSince < looks_;
  }
  // Has what is ready be reported again, though it was reported before.
  void lookAgain(Connection&);
  // An attempt is given up. `closed`: its descriptor is closed already.
  void forget(Connection&, bool closed);

  // What the poller is to tell of one that is established. Anew: it does not know it. 0 or an
  // errno.
  int watchOn(Connection&, bool anew);
  // What is wanted of one that is established has changed. The connection is lost where that fails.
  void update(Connection&);
  // A poll event of a connection that is leased: it leaves the poll set until it comes back, so
  // that whatever arrives meanwhile costs the worker no turn. The lock is held.
  void park(Connection&);
  // It is over.
  void remove(Connection&);

 private:
  const uint32_t capacity_;  // of slots: what is named by a higher one is a listening socket
  const std::unique_ptr<Poller> poller_;
  ConnectionLoss* loss_ = nullptr;
  uint64_t looks_ = 0;  // at what the poller has
};

}  // namespace lwspool

// The ways in which a connection ends. Worker thread only.
#pragma once

#include <cstdint>
#include <new>
#include <string_view>
#include <vector>

#include "../base/fields.h"
#include "../ws/failure.h"
#include "connection_table.h"
#include "deadlines.h"
#include "handshakes.h"
#include "lease_requests.h"
#include "pending_reads.h"
#include "poll_set.h"
#include "send_queue.h"
#include "sinks.h"

namespace lwspool {

class Connector;

class Closer final : public ConnectionLoss {
 public:
  // After a failure the peer gets this long to read what we say of it: closing at once could make
  // the kernel answer its next bytes with a reset that overtakes it. Milliseconds.
  static constexpr uint64_t kLinger = 1000;
  // Once both close frames are out the server has this long to end first, which leaves the wait for
  // late packets (TIME_WAIT) to it (RFC 6455, 7.1.1). Then we do. Milliseconds.
  static constexpr uint64_t kServerFirst = 1000;

  Closer(ConnectionTable& table, const Sinks& sinks, Handshakes& handshakes, Deadlines& deadlines,
         PollSet& polls, PendingReads& pending, SendQueue& queue, LeaseRequests& requests);
  Closer(const Closer&) = delete;
  Closer& operator=(const Closer&) = delete;

  // By its user.
  void close(Connection&, uint16_t code, std::string_view reason);
  void terminate(Connection&);
  // Raw: FIN after all that was sent before; once the peer has ended too, it is over.
  void end(Connection&);
  // Gives up what the handlers have begun for a group and is not open yet.
  void abandon(uint32_t group);

  // By its peer, or because of what that or the handler did.
  void peerClosed(Connection&, uint16_t code, std::string_view reason);
  void fail(Connection&, uint16_t code, ErrorInfo);
  // The peer has broken the protocol.
  void refuseInput(Connection&, const ws::Failure&);
  void lost(Connection& connection, const char* syscall, int error) override {
    lost(connection, syscall, error, nullptr);
  }
  // Reason: for people, besides the error; it lives as long as the program. Null: there is none.
  void lost(Connection&, const char* syscall, int error, const char* reason);
  // What one connection needs more memory for than there is ends that one. Anything else that is
  // thrown for want of memory ends the service, see Barrier.
  template <class Run>
  void whileMemoryLasts(Connection& connection, Run run) {
    try {
      run();
    } catch (const std::bad_alloc&) {
      outOfMemory(connection);
    }
  }

  // Still connected, for so long at most.
  void beginClosing(Connection&, uint64_t timeout);
  // The kernel has the close frame, or FIN: from now on the peer has closeTimeout.
  void lastLeft(Connection&);
  // The time that it had to close, or to be opened from outside, is over.
  void expired(Connection&);
  // What still arrives is thrown away.
  void discardInput(Connection&);
  // It is over, and is given back to the connector by closeFinished().
  void finish(Connection&);
  // A detached connection: its socket is somebody else's, and a dummy lies under its number.
  void forget(Connection&);
  // Ends all leases, and recording; before connections go without being closed.
  void revokeAll();

  bool hasFinished() const { return !finished_.empty(); }
  void closeFinished(Connector&);

 private:
  void outOfMemory(Connection&);
  void closeExpired(Connection&);
  bool endOwnSide(Connection&);
  static uint64_t unsentOf(Connection&);
  static void endDuplicates(Connection&);

  ConnectionTable& table_;
  const Sinks& sinks_;
  Handshakes& handshakes_;
  Deadlines& deadlines_;
  PollSet& polls_;
  PendingReads& pending_;
  SendQueue& queue_;
  LeaseRequests& requests_;
  std::vector<Connection*> finished_;
};

}  // namespace lwspool

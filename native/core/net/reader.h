// Bytes that come in on established connections, and which of them are wanted. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../base/io_result.h"
#include "acceptor.h"
#include "backpressure.h"
#include "bio_delays.h"
#include "closer.h"
#include "service_figures.h"
#include "tls_buffers.h"

namespace lwspool {

class Reader {
 public:
  Reader(Turn& turn, ServiceFigures& figures, PollSet& polls, PendingReads& pending,
         SendQueue& queue, BioDelays& delays, TlsBuffers& buffers, LeaseRequests& requests,
         Closer& closer, Acceptor& acceptor, Backpressure& pressure);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Ended: the peer's end may lie behind what is there, or more behind urgent data (MSG_OOB).
  void readable(Connection&, bool ended = false);
  // No poller reports it.
  void readPending(Connection&);
  // Writing has failed: what the peer said before it went, a close frame above all, is still to be
  // had.
  void readLast(Connection&);
  // The kernel has given up a connection that its user has paused: what came before is told, as far
  // as there is room for it, and then the end.
  void brokenOff(Connection&);
  // These bytes were read.
  void input(Connection&, uint8_t* data, size_t size);
  // Stops reading, or goes on.
  void pause(Connection&, bool paused);

 private:
  friend struct DecodedFrames;

  enum class Read : uint8_t { nothing, spent, drained, some, filled };
  Read readOn(Connection&);
  Read readOnce(Connection&);
  template <class Feed>
  void decode(Connection&, Feed);
  void ping(Connection&, const uint8_t* data, size_t size);
  void inputEnded(Connection&, const IoResult&);

  Turn& turn_;
  ServiceFigures& figures_;
  PollSet& polls_;
  PendingReads& pending_;
  SendQueue& queue_;
  BioDelays& delays_;
  TlsBuffers& buffers_;
  LeaseRequests& requests_;
  Closer& closer_;
  Acceptor& acceptor_;
  Backpressure& pressure_;
};

}  // namespace lwspool

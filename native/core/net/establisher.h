// Takes connections over that are open: from here on they are served. Worker thread only.
#pragma once

#include "reader.h"

namespace lwspool {

class Establisher {
 public:
  Establisher(ServiceFigures& figures, const Sinks& sinks, Handshakes& handshakes,
              Deadlines& deadlines, PollSet& polls, PendingReads& pending, SendQueue& queue,
              LeaseRequests& requests, Closer& closer, Reader& reader);
  Establisher(const Establisher&) = delete;
  Establisher& operator=(const Establisher&) = delete;

  void established(Connection&, int fd, SSL* ssl);

 private:
  ServiceFigures& figures_;
  const Sinks& sinks_;
  Handshakes& handshakes_;
  Deadlines& deadlines_;
  PollSet& polls_;
  PendingReads& pending_;
  SendQueue& queue_;
  LeaseRequests& requests_;
  Closer& closer_;
  Reader& reader_;
};

}  // namespace lwspool

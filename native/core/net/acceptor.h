// Connections that came in: a ws client's request is read and answered first. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "../ws/deflate_pool.h"
#include "closer.h"
#include "service_figures.h"

namespace lwspool {

class Acceptor {
 public:
  Acceptor(Turn& turn, ConnectionTable& table, ServiceFigures& figures, Deadlines& deadlines,
           PollSet& polls, PendingReads& pending, SendQueue& queue, LeaseRequests& requests,
           Closer& closer, ws::DeflatePool& deflates);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // A connection that came in: its slot. Null: no room.
  Connection* adopt(std::shared_ptr<const Endpoint>, EventSink&);
  // It stands, TLS and all; a ws client's request is read next. `more`: as in Upgrade::connected().
  void accepted(Connection&, int fd, SSL* ssl, bool more);
  // Reads the request, and returns what came behind it.
  std::span<uint8_t> request(Connection&, uint8_t* data, size_t size);

 private:
  Turn& turn_;
  ConnectionTable& table_;
  ServiceFigures& figures_;
  Deadlines& deadlines_;
  PollSet& polls_;
  PendingReads& pending_;
  SendQueue& queue_;
  LeaseRequests& requests_;
  Closer& closer_;
  ws::DeflatePool& deflates_;
};

}  // namespace lwspool

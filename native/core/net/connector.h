// Opens connections and takes them back to close them: libwebsockets, or a test's stand-in.
// Worker thread only.
#pragma once

#include <cstdint>

#include "../poll/poller.h"

namespace lwspool {

class Connection;

class Connector {
 public:
  virtual ~Connector() = default;

  // Begins an attempt on opening->address. Ends, now or later, with Handshakes::attemptOver() or
  // Service::connected().
  virtual void start(Connection&) = 0;
  // The attempt is not wanted any more: attemptOver() follows. Called once for an attempt.
  virtual void abandon(Connection&) = 0;
  // True once TCP (or the Unix socket) stands.
  virtual bool connected(const Connection&) const = 0;
  // What was connected is established now: the attempt is over.
  virtual void established(Connection&) {}
  // Closes an established connection: Service::destroyed() follows, or has been called when this
  // returns.
  virtual void close(Connection&) = 0;
  // What the poller says of a descriptor that Service::watch() was told of, while the connection is
  // being opened.
  virtual void serve(Connection&, const Poller::Ready&) {}
  // The same of a listening socket, by the number that Service::watchListener() was told.
  virtual void arrivals(uint32_t) {}
  // The time that a BIO has put an attempt off for is over.
  virtual void resume(Connection&) {}
  // Once per turn of the loop.
  virtual void turn() {}
};

}  // namespace lwspool

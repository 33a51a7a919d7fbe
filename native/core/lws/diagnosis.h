// Finds out why a connection attempt failed. libwebsockets reads the socket's error, keeps it to
// itself and says "Unable to connect"; so the attempt is repeated once, with a plain socket, to
// hear the errno that the kernel gives. Should it succeed, the connection gets another attempt.
// Worker thread only.
#pragma once

#include <uv.h>

#include <functional>

namespace lwspool {

struct Connection;

class Diagnosis {
 public:
  // Called with the errno of socket(2), bind(2) or connect(2), whose name is `call`; 0: it
  // connected.
  using Result = std::function<void(Connection&, const char* call, int error)>;

  Diagnosis(uv_loop_t* loop, Result result) : loop_(loop), result_(std::move(result)) {}

  // Begins. The result may come before this returns.
  void begin(Connection&);
  // Not wanted any more: there will be no result.
  void cancel(Connection&);

 private:
  struct Probe;
  static void onReady(uv_poll_t*, int status, int events);
  static void end(Probe*);

  uv_loop_t* const loop_;
  const Result result_;
};

}  // namespace lwspool

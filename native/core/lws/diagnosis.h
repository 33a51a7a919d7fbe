// Finds out why connect(2) failed at once. libwebsockets reads the error, keeps it to itself, has
// closed the socket when it says "Unable to connect", and leaves no descriptor that could be asked.
// Worker thread only.
#pragma once

#include <string>

namespace lwspool {

class Connection;

struct Diagnosis {
  const char* call;  // that failed: "socket", "bind" or "connect"
  int error;         // its errno; 0: all went well this time
};

// Repeats the attempt with a plain socket, which is closed again.
Diagnosis diagnose(const Connection&);

}  // namespace lwspool

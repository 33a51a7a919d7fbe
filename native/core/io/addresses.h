// The two ends of a socket, as text.
#pragma once

#include "../base/fields.h"

namespace lwspool {

// Sets localAddress, localPort, remoteAddress and remotePort, as far as the socket has them
// (getsockname(2), getpeername(2)). Any thread that may use the descriptor.
void describeAddresses(int fd, Fields& out);

}  // namespace lwspool

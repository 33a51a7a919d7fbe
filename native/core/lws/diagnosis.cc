#include "diagnosis.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "../net/connection.h"
#include "socket_address.h"

namespace lwspool {

Diagnosis diagnose(const Connection& connection) {
  const Endpoint& endpoint = *connection.endpoint();
  const Opening& opening = *connection.opening;
  const SocketAddress to = endpoint.unixPath.empty()
                               ? SocketAddress::numeric(opening.address, endpoint.port)
                               : SocketAddress::unixPath(endpoint.unixPath);
  const int fd = socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return {"socket", errno};
  Diagnosis found{"connect", 0};
  if (!opening.localAddress.empty()) {
    const SocketAddress from = SocketAddress::numeric(opening.localAddress, 0);
    if (bind(fd, from.get(), from.size()) != 0) found = {"bind", errno};
  }
  if (found.error == 0 && connect(fd, to.get(), to.size()) != 0 && errno != EINPROGRESS) {
    found.error = errno;
  }
  close(fd);
  return found;
}

}  // namespace lwspool

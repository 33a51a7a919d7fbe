#include "lent_socket.h"

#include <fcntl.h>
#include <sys/socket.h>

namespace lwspool {

void restoreFlags(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  const int right = (flags | O_NONBLOCK) & ~O_ASYNC;
  if (flags >= 0 && flags != right) fcntl(fd, F_SETFL, right);
}

bool stopLingering(int fd) {
  linger how{};
  socklen_t size = sizeof how;
  if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &how, &size) != 0 || how.l_onoff == 0) return false;
  if (how.l_linger == 0) return true;
  how = {0, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &how, sizeof how);
  return false;
}

}  // namespace lwspool

#include "addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <string>

namespace lwspool {

namespace {

using Lookup = int (*)(int, sockaddr*, socklen_t*);

void describe(int fd, Lookup lookup, const char* address, const char* port, Fields& out) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (lookup(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return;
  char text[INET6_ADDRSTRLEN];
  if (storage.ss_family == AF_INET) {
    const auto& ip = reinterpret_cast<const sockaddr_in&>(storage);
    out.set(address, inet_ntop(AF_INET, &ip.sin_addr, text, sizeof text));
    out.set(port, std::to_string(ntohs(ip.sin_port)));
  } else if (storage.ss_family == AF_INET6) {
    const auto& ip = reinterpret_cast<const sockaddr_in6&>(storage);
    out.set(address, inet_ntop(AF_INET6, &ip.sin6_addr, text, sizeof text));
    out.set(port, std::to_string(ntohs(ip.sin6_port)));
  } else if (storage.ss_family == AF_UNIX && size > offsetof(sockaddr_un, sun_path)) {
    const auto& path = reinterpret_cast<const sockaddr_un&>(storage);
    const size_t length = size - offsetof(sockaddr_un, sun_path);
    const bool abstract = path.sun_path[0] == '\0';
    std::string name(path.sun_path + (abstract ? 1 : 0), length - 1);
    out.set(address, abstract ? "@" + name : name);
  }
}

}  // namespace

void describeAddresses(int fd, Fields& out) {
  describe(fd, getsockname, "localAddress", "localPort", out);
  describe(fd, getpeername, "remoteAddress", "remotePort", out);
}

}  // namespace lwspool

// An address as the kernel takes it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace lwspool {

class SocketAddress {
 public:
  // IPv4 or IPv6 in digits; anything else makes one that no call takes.
  static SocketAddress numeric(const std::string& text, uint16_t port) {
    SocketAddress made;
    auto& v4 = reinterpret_cast<sockaddr_in&>(made.storage_);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(made.storage_);
    if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      made.size_ = sizeof v4;
    } else if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      made.size_ = sizeof v6;
    }
    return made;
  }
  // "@...": abstract.
  static SocketAddress unixPath(const std::string& path) {
    SocketAddress made;
    auto& local = reinterpret_cast<sockaddr_un&>(made.storage_);
    local.sun_family = AF_UNIX;
    const size_t length = std::min(path.size(), sizeof local.sun_path - 1);
    std::memcpy(local.sun_path, path.data(), length);
    const bool abstract = !path.empty() && path[0] == '@';
    if (abstract) local.sun_path[0] = '\0';
    made.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length + !abstract);
    return made;
  }

  int family() const { return storage_.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  SocketAddress() = default;

  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace lwspool

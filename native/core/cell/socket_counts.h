// How many bytes were ever taken out of a TCP socket and put into it, by anybody, as the kernel
// counts (tcp(7), TCP_INFO). Any thread; the caller sees to it that the descriptor stays.
#pragma once

#include <openssl/types.h>

#include <cstdint>

namespace lwspool {

struct SocketCounts {
  uint64_t read = 0;
  uint64_t written = 0;
  bool known = true;  // false: no TCP, or a kernel that does not count
};

SocketCounts countSocket(int fd);
// The same as the SSL object's BIO has counted it.
SocketCounts countTls(const SSL* ssl);

}  // namespace lwspool

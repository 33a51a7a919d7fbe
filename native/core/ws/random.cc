#include "random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>

namespace lwspool::ws {

void fillRandom(void* out, size_t size) {
  auto* at = static_cast<unsigned char*>(out);
  while (size > 0) {
    const int part = static_cast<int>(std::min<size_t>(size, INT_MAX));
    if (RAND_bytes(at, part) != 1) {
      // Predictable masks and keys would break RFC 6455, 5.3 and 10.3, in silence.
      std::fputs("lws-pool: OpenSSL has no random bytes\n", stderr);
      std::abort();
    }
    at += part;
    size -= static_cast<size_t>(part);
  }
}

}  // namespace lwspool::ws

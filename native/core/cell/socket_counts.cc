#include "socket_counts.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>

#include "../bio/chain.h"

namespace lwspool {

namespace {

// As <netinet/tcp.h> has them, which cannot be included beside <linux/tcp.h>.
constexpr uint8_t kEstablished = 1, kFinWait1 = 4, kFinWait2 = 5, kCloseWait = 8, kLastAck = 9,
                  kClosing = 11;

bool tcpInfo(int fd, tcp_info& info) {
  socklen_t size = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         size >= offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received;
}

}  // namespace

SocketCounts countSocket(int fd) {
  // Two questions make one figure, and the peer may send or acknowledge between them: asked again
  // until nothing has moved. A peer that always does is not worth more than this.
  constexpr int kAttempts = 64;
  tcp_info before{};
  if (!tcpInfo(fd, before)) return {0, 0, false};
  for (int i = 0; i < kAttempts; i++) {
    int unread = 0;
    int unsent = 0;
    tcp_info after{};
    if (ioctl(fd, SIOCINQ, &unread) != 0 || ioctl(fd, SIOCOUTQ, &unsent) != 0 ||
        !tcpInfo(fd, after)) {
      return {0, 0, false};
    }
    if (after.tcpi_bytes_received == before.tcpi_bytes_received &&
        after.tcpi_bytes_acked == before.tcpi_bytes_acked &&
        after.tcpi_state == before.tcpi_state) {
      const uint8_t state = after.tcpi_state;
      const bool peerEnded = state == kCloseWait || state == kLastAck || state == kClosing;
      if (!peerEnded && state != kEstablished && state != kFinWait1 && state != kFinWait2) break;
      // A FIN counts as a byte received, but not as one to be read.
      return {after.tcpi_bytes_received - static_cast<uint64_t>(unread) - (peerEnded ? 1 : 0),
              after.tcpi_bytes_acked + static_cast<uint64_t>(unsent), true};
    }
    before = after;
  }
  return {0, 0, false};
}

SocketCounts countTls(const SSL* ssl) {
  // BIOs above it may move more or less than what reaches the socket.
  BIO* const socket = bio::socketBio(ssl);
  if (socket == nullptr) return {0, 0, false};
  return {BIO_number_read(socket), BIO_number_written(socket), true};
}

}  // namespace lwspool

#include "tcp_figures.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace lwspool {

bool readTcp(int fd, bool unread, TcpFigures& into) {
  tcp_info info{};  // what an older kernel does not fill in stays 0
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  const auto milliseconds = [](uint64_t us) { return static_cast<double>(us) / 1000; };
  set(into.sampled, preciseNow());
  set(into.state, info.tcpi_state);
  set(into.rtt, milliseconds(info.tcpi_rtt));
  set(into.rttVar, milliseconds(info.tcpi_rttvar));
  // No measurement yet is the largest number.
  set(into.minRtt, info.tcpi_min_rtt == ~0U ? 0 : milliseconds(info.tcpi_min_rtt));
  set(into.rto, milliseconds(info.tcpi_rto));
  set(into.cwnd, info.tcpi_snd_cwnd);
  set(into.sndMss, info.tcpi_snd_mss);
  set(into.unacked, info.tcpi_unacked);
  set(into.lost, info.tcpi_lost);
  set(into.backoff, info.tcpi_backoff);
  set(into.retransmits, info.tcpi_total_retrans);
  set(into.bytesRetrans, static_cast<double>(info.tcpi_bytes_retrans));
  set(into.bytesAcked, static_cast<double>(info.tcpi_bytes_acked));
  set(into.deliveryRate, static_cast<double>(info.tcpi_delivery_rate));
  set(into.busyTime, milliseconds(info.tcpi_busy_time));
  set(into.rwndLimited, milliseconds(info.tcpi_rwnd_limited));
  set(into.sndbufLimited, milliseconds(info.tcpi_sndbuf_limited));
  set(into.lastDataRecv, info.tcpi_last_data_recv);
  set(into.lastAckRecv, info.tcpi_last_ack_recv);
  set(into.unsent, info.tcpi_notsent_bytes);
  int waiting = 0;
  if (unread && ioctl(fd, SIOCINQ, &waiting) == 0) set(into.unread, waiting);
  return true;
}

}  // namespace lwspool

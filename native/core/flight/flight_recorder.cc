#include "flight_recorder.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace lwspool {

namespace {

double milliseconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

uint32_t halves(uint32_t upper, uint32_t lower) {
  return std::min<uint32_t>(upper, 0xFFFF) << 16 | std::min<uint32_t>(lower, 0xFFFF);
}

}  // namespace

void FlightRecorder::noteTcpInfo(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (fd < 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
  note(Flight::tcpInfo, info.tcpi_rtt, halves(info.tcpi_unacked, info.tcpi_lost),
       static_cast<uint8_t>(info.tcpi_state << 4 | std::min<uint8_t>(info.tcpi_retransmits, 15)));
  note(Flight::tcpSent, info.tcpi_snd_cwnd, info.tcpi_total_retrans);
}

std::string FlightRecorder::copy(uint32_t most) const {
  const uint64_t count = std::min({total_, uint64_t{plan_.events}, uint64_t{most}});
  const FlightHeader header{plan_.channel,
                            plan_.worker,
                            id_.slot,
                            id_.generation,
                            group_,
                            plan_.events,
                            static_cast<double>(total_ - count),
                            milliseconds(CLOCK_REALTIME) - milliseconds(CLOCK_MONOTONIC)};
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.reserve(sizeof header + count * sizeof(FlightEntry));
  // In two pieces where it lies around the end of the ring.
  for (uint64_t at = total_ - count; at < total_;) {
    const uint64_t place = at & mask_;
    const uint64_t piece = std::min(total_ - at, plan_.events - place);
    bytes.append(reinterpret_cast<const char*>(&entries_[place]), piece * sizeof(FlightEntry));
    at += piece;
  }
  return bytes;
}

}  // namespace lwspool

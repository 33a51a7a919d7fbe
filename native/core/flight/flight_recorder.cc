#include "flight_recorder.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

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
  const uint64_t total = total_.load(std::memory_order_acquire);
  const uint64_t from = total - std::min({total, uint64_t{plan_.events}, uint64_t{most}});
  std::vector<FlightEntry> entries;
  entries.reserve(total - from);
  for (uint64_t at = from; at < total; at++) {
    const Place& place = entries_[at & mask_];
    const uint64_t stamp = place.stamp.load(std::memory_order_acquire);
    const uint64_t numbers = place.numbers.load(std::memory_order_acquire);
    entries.push_back(
        {stamp, static_cast<uint32_t>(numbers), static_cast<uint32_t>(numbers >> 32)});
  }
  // What was written meanwhile, or is being written, lies where the oldest ones were.
  const uint64_t begun = begun_.load(std::memory_order_relaxed);
  const uint64_t first =
      std::clamp(begun, from + plan_.events, total + plan_.events) - plan_.events;
  const FlightHeader header{plan_.channel,
                            plan_.worker,
                            id_.slot,
                            id_.generation,
                            group_,
                            plan_.events,
                            static_cast<double>(first),
                            milliseconds(CLOCK_REALTIME) - milliseconds(CLOCK_MONOTONIC)};
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(reinterpret_cast<const char*>(entries.data() + (first - from)),
               (total - first) * sizeof(FlightEntry));
  return bytes;
}

}  // namespace lwspool

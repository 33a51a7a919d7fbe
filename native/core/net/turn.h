// The turn of the loop that a service is in: what all of its roles share. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../base/clock.h"
#include "../channel/channel.h"
#include "host.h"

namespace lwspool {

// How often one connection is read before others have their turn again.
inline constexpr int kReads = 4;
// What is read at once where little may wait for the consumer: what TLS has in one record.
inline constexpr size_t kSmallRead = 16 * 1024;
// What is decoded (permessage-deflate) of what was read at once, however little that was.
inline constexpr size_t kDecodedAtOnce = 128 * 1024;

struct Turn {
  Turn(Channel& channelOf, Host& hostOf) : channel(channelOf), host(hostOf) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  Channel& channel;
  Host& host;
  uint64_t now = monotonicNow();  // when it began
  uint64_t clock = 0;             // flightClock() when it began, or JavaScript last had its own
  size_t taken = 0;               // bytes read since the last turn ended
  // For reading, all connections in turn: large enough for a burst of small messages or most of a
  // large one, small enough for the cache.
  std::vector<uint8_t> buffer = std::vector<uint8_t>(128 * 1024);
  // For decoding small messages; empty before the first.
  std::vector<uint8_t> scratch;
};

}  // namespace lwspool

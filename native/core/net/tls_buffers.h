// OpenSSL's buffers, 34 KB for each connection. They are given back behind every message
// (SSL_MODE_RELEASE_BUFFERS), except by the few connections that are busiest: to take and give back
// that much memory costs a thirtieth of a small message there and back. Worker thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "connection_table.h"
#include "turn.h"

namespace lwspool {

class TlsBuffers {
 public:
  TlsBuffers(const Turn& turn, ConnectionTable& table) : turn_(turn), table_(table) {}
  TlsBuffers(const TlsBuffers&) = delete;
  TlsBuffers& operator=(const TlsBuffers&) = delete;

  // Something was read from it. Who comes first is busy. The lock is held.
  void keep(Connection&);
  // Where the time has come.
  void giveBack();
  // When to look again; 0: never.
  uint64_t next() const { return until_; }

 private:
  const Turn& turn_;
  ConnectionTable& table_;
  std::vector<ConnectionId> kept_;  // whose they are
  uint64_t until_ = 0;              // 0: none are kept
};

}  // namespace lwspool

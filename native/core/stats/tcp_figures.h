// What the kernel says of a connection's TCP, read by its worker while others sample it.
#pragma once

#include "figures.h"

namespace lwspool {

// Written by the worker, see figures.h. src/base/tcp-columns.ts has the same order.
struct TcpFigures {
  Figure generation;     // of the connection that the others are of
  Figure sampled;        // preciseNow()
  Figure state;          // TCP_ESTABLISHED etc.
  Figure rtt;            // ms, smoothed
  Figure rttVar;         // ms
  Figure minRtt;         // ms
  Figure rto;            // ms
  Figure cwnd;           // segments
  Figure sndMss;         // bytes
  Figure unacked;        // segments
  Figure lost;           // segments
  Figure backoff;        // how often the retransmission timeout was doubled
  Figure retransmits;    // segments, of all time
  Figure bytesRetrans;   // of all time
  Figure bytesAcked;     // of all time
  Figure deliveryRate;   // bytes per second
  Figure busyTime;       // ms, of all time
  Figure rwndLimited;    // ms, of all time
  Figure sndbufLimited;  // ms, of all time
  Figure lastDataRecv;   // ms ago
  Figure lastAckRecv;    // ms ago
  Figure unsent;         // bytes in the kernel
  Figure unread;         // bytes in the kernel
};
inline constexpr size_t kTcpFigures = 23;
static_assert(sizeof(TcpFigures) == kTcpFigures * sizeof(double));

// Reads them from the socket; false where it is none of TCP. Unread takes a call of its own.
bool readTcp(int fd, bool unread, TcpFigures& into);

}  // namespace lwspool

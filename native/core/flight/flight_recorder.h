// What happened on one connection, latest last: a ring of small entries, each a time, what it was,
// and a few numbers that say more. Belongs to the connection's LeaseCell, under whose lock the
// worker and whoever holds a lease write. Any thread may copy it without that lock, which a worker
// that hangs would keep: it leaves out the entries that were overwritten meanwhile. src/flight/
// gives the entries their names and reads the numbers.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "../base/connection_id.h"

namespace lwspool {

// Numbers are part of what crosses to JavaScript: src/flight/kinds.ts has the same.
enum class Flight : uint8_t {
  // Phases.
  queued = 1,
  begun = 2,      // left the queue
  attempt = 3,    // a: which address, from 0
  connected = 4,  // TCP
  secured = 5,    // a: version as SSL_version(3) has it; b: 1 where a session was resumed
  opened = 6,
  closed = 7,  // a: close code
  // Opening.
  callback = 10,  // of libwebsockets; a: lws_callback_reasons; b: size of what came with it
  answer = 11,    // a: HTTP status
  timeout = 12,
  abandoned = 13,  // by its user, or with the pool
  // TLS messages (RFC 8446, 5.1). a: ContentType in the upper half, HandshakeType in the lower one,
  // or level and description of an alert; b: bytes
  tlsReceived = 20,
  tlsSent = 21,
  // Bytes. a: how many; detail: 1 where the holder of a lease moved them
  read = 30,
  written = 31,       // b: how many there were to write
  writeBlocked = 32,  // a: how many wait
  peerEnded = 33,     // detail: 1 where TLS ended without close_notify
  ended = 34,         // our FIN
  paused = 35,
  resumed = 36,
  stalled = 37,  // whoever consumes has too much already
  unstalled = 38,
  slowed = 39,  // by a BIO
  // Control frames (RFC 6455, 5.5). a: bytes of the payload, or the close code
  pingReceived = 40,
  pingSent = 41,
  pongReceived = 42,
  pongSent = 43,
  closeReceived = 44,
  closeSent = 45,
  // Leases. a: its token, of which 32 bits are enough to tell them apart; b: 1 where it is
  // exclusive; detail: Source
  leaseRequested = 50,  // a: the request's number; the same for the next two
  leaseRefused = 51,
  leaseGivenUp = 52,
  leaseGranted = 53,
  leaseReturned = 54,
  leaseRevoked = 55,
  leaseExpired = 56,
  leaseTainted = 57,
  detached = 58,
  parked = 59,    // its descriptor left the poll set while somebody held it
  rejoined = 60,  // and came back
  // Failures.
  error = 70,  // a: errno, 0: not the kernel's; b: the close code that was sent for it
  // The kernel's view of the socket at an error (tcp(7), TCP_INFO). a: rtt, microseconds; b:
  // unacked
  // and lost, 16 bits each; detail: state and retransmits, 4 bits each
  tcpInfo = 71,
  tcpSent = 72,  // the same; a: snd_cwnd; b: total_retrans
};

struct FlightEntry {
  uint64_t stamp;  // microseconds of CLOCK_MONOTONIC in 48 bits, kind and detail in 8 each
  uint32_t a;
  uint32_t b;

  uint64_t time() const { return stamp >> 16; }
  Flight kind() const { return static_cast<Flight>(stamp >> 8 & 0xFF); }
  uint8_t detail() const { return static_cast<uint8_t>(stamp); }
};
static_assert(sizeof(FlightEntry) == 16);

// The clock of the entries.
inline uint64_t flightClock() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

// What stands before the entries of a copy.
struct FlightHeader {
  uint32_t channel;
  uint32_t worker;
  uint32_t slot;
  uint32_t generation;
  uint32_t group;
  uint32_t capacity;
  double lost;    // entries that later ones have overwritten, or that were too many to copy
  double offset;  // ms from the entries' clock to the Unix epoch
};
static_assert(sizeof(FlightHeader) == 40);

// What all recorders of a worker have in common.
struct FlightPlan {
  uint32_t events = 0;  // kept of each connection, a power of two; 0: none is recorded
  uint32_t channel = 0;
  uint32_t worker = 0;
};

class FlightRecorder {
 public:
  // Of an error goes so much with it.
  static constexpr uint32_t kAttached = 1024;

  FlightRecorder(const FlightPlan& plan, ConnectionId id, uint32_t group)
      : entries_(new Place[plan.events]),
        mask_(plan.events - 1),
        plan_(plan),
        id_(id),
        group_(group) {}
  FlightRecorder(const FlightRecorder&) = delete;
  FlightRecorder& operator=(const FlightRecorder&) = delete;

  void note(Flight kind, uint32_t a = 0, uint32_t b = 0, uint8_t detail = 0) {
    noteAt(flightClock(), kind, a, b, detail);
  }
  // For what happens so often that the clock counts: with a time that was looked at before.
  void noteAt(uint64_t time, Flight kind, uint32_t a, uint32_t b = 0, uint8_t detail = 0) {
    if (time > last_) last_ = time;
    const uint64_t total = total_.load(std::memory_order_relaxed);
    // A copy that sees any of it sees as well that the entry which lay here is lost.
    begun_.store(total + 1, std::memory_order_relaxed);
    Place& place = entries_[total & mask_];
    place.stamp.store(last_ << 16 | static_cast<uint64_t>(kind) << 8 | detail,
                      std::memory_order_release);
    place.numbers.store(uint64_t{b} << 32 | a, std::memory_order_release);
    total_.store(total + 1, std::memory_order_release);
  }
  // Of the socket, where it is one of TCP.
  void noteTcpInfo(int fd);

  ConnectionId id() const { return id_; }
  // A FlightHeader and the latest entries, the oldest first. Any thread.
  std::string copy(uint32_t most = UINT32_MAX) const;

 private:
  // An entry, as it is written and copied at the same time.
  struct Place {
    std::atomic<uint64_t> stamp;
    std::atomic<uint64_t> numbers;  // b in the upper half, a in the lower one
  };
  static_assert(sizeof(Place) == sizeof(FlightEntry));

  // What each entry needs, side by side.
  const std::unique_ptr<Place[]> entries_;  // not touched before they are needed
  const uint64_t mask_;
  std::atomic<uint64_t> begun_{0};  // entries, with the one that is being written
  std::atomic<uint64_t> total_{0};
  uint64_t last_ = 0;  // time of the latest entry: they stay in order
  const FlightPlan plan_;
  const ConnectionId id_;
  const uint32_t group_;
};

// The power of two that has room for so many.
constexpr uint32_t roundedFlight(uint32_t events) {
  uint32_t rounded = events > 0 ? 1 : 0;
  while (rounded < events) rounded *= 2;
  return rounded;
}

}  // namespace lwspool

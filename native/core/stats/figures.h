// What is counted of each connection and of each worker, where the work is done. One thread writes
// a figure, JavaScript of any thread reads it as a double: no lock, and no call.
#pragma once

#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace lwspool {

using Figure = std::atomic<double>;
static_assert(Figure::is_always_lock_free);

// Its one writer.
inline void set(Figure& figure, double value) { figure.store(value, std::memory_order_relaxed); }
inline double get(const Figure& figure) { return figure.load(std::memory_order_relaxed); }
inline void add(Figure& figure, double value) { set(figure, get(figure) + value); }
inline void raise(Figure& figure, double value) {
  if (value > get(figure)) set(figure, value);
}

// Milliseconds of CLOCK_MONOTONIC, with what lies behind the point.
inline double preciseNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// Times are those of preciseNow(); 0: not yet. src/channel/figures.ts has the same order.
struct ConnectionFigures {
  // Written by the worker.
  Figure generation;
  Figure state;   // a Phase; 0: nobody's
  Figure group;   // of handlers; 0: none
  Figure traits;  // bits: see Trait
  Figure attempts;
  Figure queued;
  Figure begun;
  Figure connected;
  Figure secured;
  Figure opened;
  Figure firstMessage;
  Figure lastRead;   // of the turn
  Figure lastWrite;  // of the turn
  Figure messagesReceived;
  Figure messagesSent;
  Figure bytesReceived;  // above TLS
  Figure bytesSent;
  Figure reads;   // that gave something
  Figure writes;  // that took something
  Figure queuedBytes;
  Figure queuedBytesMax;
  Figure pingsReceived;
  Figure pingsSent;
  Figure pongsReceived;
  Figure roundTrips;  // of pings
  Figure roundTripLast;
  Figure roundTripMin;
  Figure roundTripMax;
  Figure roundTripTotal;
  Figure messagesUnsent;     // came to be sent too late; also by the handler's JavaScript
  Figure messagesDiscarded;  // came in too late
  Figure encodedReceived;    // of messages that were compressed: bytes on the wire
  Figure decodedReceived;    // and without compression
  Figure encodedSent;
  Figure decodedSent;
  // Written by the main thread's JavaScript.
  Figure ownerUnsent;
  Figure requested;
  Figure resolved;
  // Written by JavaScript of the main thread, and behind them the same by the handler's.
  struct Leases {
    Figure count;
    Figure waitTotal;
    Figure waitMax;
    Figure holdTotal;
    Figure holdMax;
  } leases[2];

  enum Trait : int { kWebSocket = 1, kSecure = 2 };
  // Before its next connection. Whoever allocates its slot.
  void clear() {
    for (Figure* each = &generation; each <= &leases[1].holdMax; each++) set(*each, 0);
  }
};
inline constexpr size_t kConnectionFigures = 48;
static_assert(sizeof(ConnectionFigures) == kConnectionFigures * sizeof(double));

// How often something took how long: a histogram. Its limits are part of a bucket, in milliseconds;
// the last bucket has none. src/channel/durations.ts has the same.
inline constexpr std::array<double, 17> kDurationLimits = {
    0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10'000, 30'000};

struct Durations {
  std::array<Figure, kDurationLimits.size() + 1> buckets;
  Figure total;  // ms

  // Its one writer.
  void note(double time) {
    const auto limit = std::lower_bound(kDurationLimits.begin(), kDurationLimits.end(), time);
    add(buckets[static_cast<size_t>(limit - kDurationLimits.begin())], 1);
    add(total, time);
  }
};

// Codes with which connections have closed: each from 1000 to 1015, then those of applications from
// 3000 and from 4000 on, and all others. A peer chooses its code, but no more than one of these.
inline constexpr size_t kCloseKinds = 19;

constexpr size_t closeKind(uint16_t code) {
  if (code >= 1000 && code <= 1015) return code - 1000u;
  if (code >= 3000 && code <= 4999) return code < 4000 ? 16 : 17;
  return 18;
}

// Of one worker, since it started.
struct WorkerFigures {
  // Written by the worker.
  Figure messagesReceived;
  Figure messagesSent;
  Figure bytesReceived;
  Figure bytesSent;
  Figure turns;           // of the loop in which something was served
  Figure events;          // of the poller
  Figure eventsMax;       // in one turn
  Figure busy;            // ms spent in turns
  Figure turnMax;         // ms, the longest
  Figure turnBegan;       // preciseNow(); 0: none is under way
  Figure messagesUnsent;  // also by the worker's JavaScript
  Figure messagesDiscarded;
  Figure encodedReceived;  // as of a connection
  Figure decodedReceived;
  Figure encodedSent;
  Figure decodedSent;
  // Written by the main thread's JavaScript.
  Figure ownerUnsent;
  // Written by the worker's JavaScript.
  Figure heapUsed;
  Figure heapTotal;
  Figure external;
  // Written by the worker: of its connections, once each.
  Figure opened;
  std::array<Figure, kCloseKinds> closed;
  Durations queue;  // waiting for a place among the handshakes
  Durations tcp;    // with all addresses that were tried
  Durations tls;
  Durations upgrade;
  Durations roundTrip;  // of each ping that was answered
  // Written by the worker's JavaScript: leases of handlers.
  Durations leaseWait;
  Durations leaseHold;
};
inline constexpr size_t kWorkerFigures = 20 + 1 + kCloseKinds + 7 * (kDurationLimits.size() + 2);
static_assert(sizeof(WorkerFigures) == kWorkerFigures * sizeof(double));

}  // namespace lwspool

// What is counted of each connection and of each worker, where the work is done. One thread writes
// a figure, JavaScript of any thread reads it as a double: no lock, and no call.
#pragma once

#include <time.h>

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

// Times are those of preciseNow(); 0: not yet. src/stats/columns.ts has the same order.
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
  // Written by the main thread's JavaScript.
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
inline constexpr size_t kConnectionFigures = 41;
static_assert(sizeof(ConnectionFigures) == kConnectionFigures * sizeof(double));

// Of one worker, since it started.
struct WorkerFigures {
  // Written by the worker.
  Figure messagesReceived;
  Figure messagesSent;
  Figure bytesReceived;
  Figure bytesSent;
  Figure turns;      // of the loop in which something was served
  Figure events;     // of the poller
  Figure eventsMax;  // in one turn
  Figure busy;       // ms spent in turns
  Figure turnMax;    // ms, the longest
  Figure turnBegan;  // preciseNow(); 0: none is under way
  // Written by the worker's JavaScript.
  Figure heapUsed;
  Figure heapTotal;
  Figure external;
};
inline constexpr size_t kWorkerFigures = 13;
static_assert(sizeof(WorkerFigures) == kWorkerFigures * sizeof(double));

}  // namespace lwspool

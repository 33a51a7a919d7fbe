// How the worker writes into a connection's flight recorder. Worker thread only.
#pragma once

#include <mutex>

#include "connection.h"

namespace lwspool {

// One look at a pointer where nothing is recorded. Takes the lock where no ConnectionGuard has it.
inline void note(Connection& connection, Flight kind, uint32_t a = 0, uint32_t b = 0,
                 uint8_t detail = 0) {
  if (connection.flight() == nullptr) return;
  std::unique_lock lock(connection.cell()->mutex, std::defer_lock);
  if (!connection.leases.guarded()) lock.lock();
  connection.flight()->note(kind, a, b, detail);
}

// Of each read and write: within a ConnectionGuard, with the time of the turn.
inline void noteTraffic(const Connection& connection, uint64_t time, Flight kind, size_t a,
                        size_t b = 0) {
  if (connection.flight() == nullptr) return;
  connection.flight()->noteAt(time, kind, static_cast<uint32_t>(a), static_cast<uint32_t>(b));
}

// A failure (an errno; 0: not the kernel's), and what the kernel says of the socket.
inline void noteError(Connection& connection, int error, uint32_t closeCode, int fd) {
  if (connection.flight() == nullptr) return;
  std::unique_lock lock(connection.cell()->mutex, std::defer_lock);
  if (!connection.leases.guarded()) lock.lock();
  connection.flight()->note(Flight::error, static_cast<uint32_t>(error), closeCode);
  connection.flight()->noteTcpInfo(fd);
}

}  // namespace lwspool

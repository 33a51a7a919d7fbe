// A bed whose connections can be leased, for both sides, all on one thread.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <string>
#include <vector>

#include "../../native/core/lease/leases.h"
#include "service_bed.h"

namespace lwspool::test {

// Short, and not to be mistaken for that of ws.
using Why = lwspool::Refusal;
inline constexpr int64_t kBusy = static_cast<int64_t>(Why::busy);
inline constexpr int64_t kNotEstablished = static_cast<int64_t>(Why::notEstablished);
inline constexpr int64_t kClosed = static_cast<int64_t>(Why::closed);

uint64_t inodeOf(int fd);

// What JavaScript has of a lease.
struct Held : LeaseName {
  int fd = -1;  // its duplicate
  uint64_t inode = 0;
};

struct LeaseBed : Bed {
  LeaseBed();

  ~LeaseBed();

  std::atomic<size_t> wakes{0};  // of the worker, by others
  Leases mainLeases{std::shared_ptr<Channel>(std::shared_ptr<void>(), &channel), Source::main};
  Leases handlers{std::shared_ptr<Channel>(std::shared_ptr<void>(), &channel), Source::handler};

  int64_t take(ConnectionId id, bool exclusive = true, bool frame = false, uint64_t maxHold = 0);
  // One that is to be had at once.
  Held hold(ConnectionId id, bool exclusive = true, uint64_t maxHold = 0);
  Why release(const Held& held);
  void requestLease(ConnectionId id, uint32_t request, bool exclusive, bool frame = false,
                    double maxHold = 0, Source side = Source::main);
  // The token that a request was answered with, or the Refusal; 0: it was not.
  int64_t answer(ConnectionId id, uint32_t request, Source side = Source::main);
  Held granted(ConnectionId id, uint32_t request);
  void duplicate(Held& held);

  // Through TLS where there is some. What the holder has to wait for is waited for.
  std::string read(const Held& held, size_t capacity = 65'536);
  // So much, however it comes.
  std::string readAll(const Held& held, size_t size);
  size_t write(const Held& held, const Octets& bytes);
  IoResult lastRead{IoResult::Status::again};
  IoResult lastWrite{IoResult::Status::again};

  // Frames as they pass in either direction.
  static Octets toUs(const Frame& frame) { return wire(ws::Role::client, frame); }
  static Octets toPeer(const Frame& frame) { return wire(ws::Role::server, frame); }

  // The connection was closed because of what a holder did; for that reason.
  std::string taint(ConnectionId id);
  // It goes on as if nothing had been.
  bool alive(Connection& connection);
};

// Over real TCP, where the kernel counts what passes; with TLS if it is said so.
struct TcpLeaseBed : LeaseBed {
  explicit TcpLeaseBed(bool tls = false, int bufferSize = 0);
};

}  // namespace lwspool::test

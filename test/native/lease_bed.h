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

inline uint64_t inodeOf(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

// What JavaScript has of a lease.
struct Held : LeaseName {
  int fd = -1;  // its duplicate
  uint64_t inode = 0;
};

struct LeaseBed : Bed {
  LeaseBed() {
    channel.onWakeWorker([this] {
      wakes++;
      host.wake();
    });
  }

  std::atomic<size_t> wakes{0};  // of the worker, by others
  Leases owners{std::shared_ptr<Channel>(std::shared_ptr<void>(), &channel), Source::owner};
  Leases handlers{std::shared_ptr<Channel>(std::shared_ptr<void>(), &channel), Source::handler};

  int64_t take(ConnectionId id, bool exclusive = true, bool frame = false, uint64_t maxHold = 0) {
    return owners.take(id, exclusive, frame, maxHold);
  }
  // One that is to be had at once.
  Held hold(ConnectionId id, bool exclusive = true, uint64_t maxHold = 0) {
    const int64_t token = take(id, exclusive, false, maxHold);
    REQUIRE_GT(token, 0);
    return {{id, static_cast<uint64_t>(token)}};
  }
  Why release(const Held& held) {
    const Why refusal = owners.release(held, held.fd).refusal;
    if (held.fd >= 0) owners.closeDuplicate(held.id, held.fd, held.inode);
    return refusal;
  }
  void wish(ConnectionId id, uint32_t request, bool exclusive, bool frame = false,
            double maxHold = 0, Source side = Source::owner) {
    const std::string_view payload(reinterpret_cast<const char*>(&maxHold), sizeof maxHold);
    const int flags = (exclusive ? flag::exclusive : 0) | (frame ? flag::frame : 0);
    command(Command::lease, id, payload, request, static_cast<uint16_t>(flags), side);
  }
  // The token that a request was answered with, or the Refusal; 0: it was not.
  int64_t answer(ConnectionId id, uint32_t request, Source side = Source::owner) {
    const std::string begin = "leased " + std::to_string(request) + " ";
    for (const std::string& event : (side == Source::owner ? owner : handler).of(id)) {
      if (event.starts_with(begin)) return std::stoll(event.substr(begin.size()));
    }
    return 0;
  }
  Held granted(ConnectionId id, uint32_t request) {
    REQUIRE(until([&] { return answer(id, request) != 0; }));
    REQUIRE_GT(answer(id, request), 0);
    return {{id, static_cast<uint64_t>(answer(id, request))}};
  }
  void duplicate(Held& held) {
    REQUIRE(owners.duplicate(held, held.fd, held.inode));
    CHECK_EQ(inodeOf(held.fd), held.inode);
  }

  // Through TLS where there is some. What the holder has to wait for is waited for.
  std::string read(const Held& held, size_t capacity = 65'536) {
    std::vector<uint8_t> buffer(capacity);
    IoResult result{IoResult::Status::again};
    const bool tls = service.find(held.id)->ssl != nullptr;
    for (int i = 0; i < 5'000 && result.status == IoResult::Status::again; i++) {
      const auto outcome = tls ? owners.readTls(held, buffer.data(), capacity, result)
                               : owners.readSocket(held, buffer.data(), capacity, result);
      REQUIRE(outcome);
      if (result.status == IoResult::Status::again) usleep(1000);
    }
    lastRead = result;
    return toString(buffer.data(), result.bytes);
  }
  // So much, however it comes.
  std::string readAll(const Held& held, size_t size) {
    std::string all;
    while (all.size() < size) {
      const std::string piece = read(held, size - all.size());
      if (piece.empty()) break;
      all += piece;
    }
    return all;
  }
  size_t write(const Held& held, const Octets& bytes) {
    const bool tls = service.find(held.id)->ssl != nullptr;
    IoResult result{IoResult::Status::again};
    CHECK((tls ? owners.writeTls(held, bytes.data(), bytes.size(), result)
               : owners.writeSocket(held, bytes.data(), bytes.size(), result)));
    lastWrite = result;
    return result.bytes;
  }
  IoResult lastRead{IoResult::Status::again};
  IoResult lastWrite{IoResult::Status::again};

  // Frames as they pass in either direction.
  static Octets toUs(const Frame& frame) { return wire(ws::Role::client, frame); }
  static Octets toPeer(const Frame& frame) { return wire(ws::Role::server, frame); }

  // The connection was closed because of what a holder did; for that reason.
  std::string taint(ConnectionId id) {
    if (!untilGone(id)) return "it lives";
    if (owner.of(id).back() != "closed 1006 ERR_LEASE_TAINTED") return owner.of(id).back();
    return std::string(owner.factsOf(id).get("reason"));
  }
  // It goes on as if nothing had been.
  bool alive(Connection& connection) {
    static int count = 0;
    const std::string text = "still " + std::to_string(count++);
    command(Command::send, connection.id, text);
    peer(connection).text(text);
    return untilHeard(peer(connection), "text " + text) &&
           untilEvent(connection.id, "text " + text);
  }
};

// Over real TCP, where the kernel counts what passes; with TLS if it is said so.
struct TcpLeaseBed : LeaseBed {
  explicit TcpLeaseBed(bool tls = false, int bufferSize = 0) {
    opener.tls = tls;
    opener.sockets = [bufferSize] { return tcpPair(bufferSize); };
  }
};

}  // namespace lwspool::test

// Leases on the connections of one worker, for one of the threads that take them: the main thread,
// or the worker itself for its handlers. All calls on that thread. Each takes the slot's lock for
// as long as it runs, checks the token under it, and does nothing where that is not held.
//
// The worker may be using the connection, for as long as a BIO of JavaScript likes. It is waited
// for kSlotPatience at most: then an operation answers Refusal::occupied and has done nothing, and
// what must not get lost, the end of a lease, is left to the worker.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "../base/clock.h"
#include "../base/fields.h"
#include "../bio/chain.h"
#include "../channel/channel.h"
#include "../io/transport.h"
#include "pin.h"
#include "tls_actions.h"

namespace lwspool {

// Of a lease: which connection, and its token.
struct LeaseName {
  ConnectionId id;
  uint64_t token = 0;
};

// In place of an errno: a BIO of the connection can only be called on the worker's thread.
inline constexpr int kOtherThread = 10'000;

// The detail of bytes in the flight recorder that the holder of a lease has moved.
inline constexpr uint8_t kMovedByHolder = 1;

struct Detached {
  int fd = -1;
  SSL* ssl = nullptr;
  std::string leftover;
};

class Leases {
 public:
  // What an operation ends with, where it is not what it did.
  struct Outcome {
    Refusal refusal = Refusal::none;
    int error = 0;  // errno
    explicit operator bool() const { return refusal == Refusal::none && error == 0; }
  };

  Leases(std::shared_ptr<Channel> channel, Source side);
  // Closes what was lent and never given back: nobody is left to do it.
  ~Leases();
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;

  // At once or not at all: the token, or a Refusal (busy too where the worker is at it). Nobody is
  // woken, unless there is a `maxHold` (ms; 0: none) whose end the worker is not yet watching for.
  // A quiet one is shared, has no end of its own, and is not recorded.
  int64_t take(ConnectionId, bool exclusive, bool frame, uint64_t maxHold, bool quiet = false);
  // Gives the lease back. The duplicate is the one it was given (-1: none), not closed yet.
  // `closing`: what the holder did ends the connection. Where the worker is at it, it does this
  // itself when it is done.
  Outcome release(const LeaseName&, int duplicate, bool& closing);
  Outcome release(const LeaseName& name, int duplicate) {
    bool closing = false;
    return release(name, duplicate, closing);
  }
  // Whether it is held.
  Outcome check(const LeaseName&);
  // What the codec had of an unfinished frame when the lease began; exclusive.
  Outcome leftover(const LeaseName&, std::string& out);
  // A descriptor of its own on the connection's socket, and its inode.
  Outcome duplicate(const LeaseName&, int& fd, uint64_t& inode);
  // The SSL object, with a reference that dropTls() gives up; exclusive.
  Outcome exposeTls(const LeaseName&, SSL*& ssl);
  Outcome confirmFrameBoundary(const LeaseName&, bool uncompressed = false);

  // getsockopt(2), setsockopt(2).
  Outcome getOption(const LeaseName&, int level, int name, uint8_t* out, size_t& size);
  Outcome setOption(const LeaseName&, int level, int name, const uint8_t* value, size_t size);
  // SIOCOUTQ and SIOCINQ: bytes that wait in the kernel.
  Outcome queued(const LeaseName&, bool unsent, int& bytes);
  // As describeAddresses().
  Outcome addresses(const LeaseName&, Fields& out);

  // Exclusive. Of the socket itself, below TLS.
  Outcome readSocket(const LeaseName&, uint8_t* out, size_t capacity, IoResult&);
  Outcome writeSocket(const LeaseName&, const uint8_t* bytes, size_t size, IoResult&);
  Outcome shutdownSocket(const LeaseName&, int how);
  // Exclusive. Through TLS.
  Outcome readTls(const LeaseName&, uint8_t* out, size_t capacity, IoResult&);
  Outcome writeTls(const LeaseName&, const uint8_t* bytes, size_t size, IoResult&);
  // With the SSL object, under the lock: `run(SSL*)`. ENOTSUP where there is none.
  template <class Run>
  Outcome withTls(const LeaseName& name, bool exclusive, Run run) {
    return withSecure(name, exclusive, [&](LeaseCell& cell) {
      run(cell.ssl);
      return 0;
    });
  }
  // Exclusive, see tls_actions.h. A write that was left unfinished has to be finished first:
  // `again`.
  Outcome updateKeys(const LeaseName&, bool requestPeer, TlsResult&);
  Outcome shutdownTls(const LeaseName&, TlsResult&);
  // BIOs, as Chain has them; `refused` says why it was not done. A layer that is bound to the
  // worker's thread is pushed by that thread alone.
  Outcome pushBio(const LeaseName&, std::shared_ptr<bio::Layer>, bio::Refused& refused);
  Outcome popBio(const LeaseName&, std::shared_ptr<bio::Layer>& out, bio::Refused& refused);
  // Runs `look(const bio::Chain*)`, null where there never was one; not exclusive.
  template <class Look>
  Outcome withBios(const LeaseName& name, Look look) {
    return withSecure(name, false, [&](LeaseCell& cell) {
      look(bio::Chain::of(cell.ssl));
      return 0;
    });
  }
  // Whether there is TLS.
  Outcome secure(const LeaseName&, bool& tls);

  // For a ring. Calls `run(fd)`, which answers an errno, so that it makes a reference of its own to
  // the socket; it counts as a duplicate until returnSocket().
  template <class Run>
  Outcome lendSocket(const LeaseName& name, Run run) {
    return with(name, false, [&](LeaseCell& cell) {
      const int error = run(cell.fd);
      if (error == 0) cell.duplicates.add();
      return error;
    });
  }
  void returnSocket(ConnectionId);
  // An operation begins; those of a chain have its number, others one of their own. EBUSY: another
  // one reads, or writes. Lane::none takes a shared lease too, on which nothing is pinned.
  Outcome pin(const LeaseName&, Lane, uint64_t chain, Pin& out);

  // Takes the connection away from the pool and from libwebsockets. With TLS it waits until the
  // worker has let go, at most so long (ms); ETIMEDOUT: it never did, and the connection is lost.
  // EBUSY: operations of a ring are in flight.
  Outcome detach(const LeaseName&, uint64_t patience, Detached& out);

  // For what a lease that is over still has: closes the descriptor if it is still that socket;
  // gives up a reference. Neither waits for anybody.
  void closeDuplicate(ConnectionId, int fd, uint64_t inode);
  void dropTls(SSL* ssl);
  // The worker is gone: from now on no lease is held, and nothing of the channel is kept.
  void close();

 private:
  LeaseCell* cell(ConnectionId);
  // Takes the slot's lock; false: the worker keeps it.
  bool enter(LeaseCell&, std::unique_lock<SlotLock>&);
  // Whether that descriptor still is the one that was lent.
  bool intact(int duplicate) const;
  // Runs `operation(LeaseCell&)`, which answers an errno, while the lease is held.
  template <class Operation>
  Outcome with(const LeaseName& name, bool exclusive, Operation operation) {
    LeaseCell* const found = cell(name.id);
    if (found == nullptr) return {Refusal::notHeld};
    std::unique_lock lock(found->mutex, std::defer_lock);
    if (!enter(*found, lock)) return {Refusal::occupied};
    const uint64_t now = monotonicNow();
    const bool held = found->holds(name.id.generation, name.token, now) ||
                      (!exclusive && found->holdsShared(name.id.generation, name.token, now));
    if (!held) return {Refusal::notHeld};
    return {Refusal::none, operation(*found)};
  }
  // The same, where there is TLS; else ENOTSUP.
  template <class Operation>
  Outcome withSecure(const LeaseName& name, bool exclusive, Operation operation) {
    return with(name, exclusive,
                [&](LeaseCell& cell) { return cell.ssl == nullptr ? ENOTSUP : operation(cell); });
  }

  // The same, where it is about to move bytes through the BIOs.
  template <class Operation>
  Outcome withBytes(const LeaseName& name, Operation operation) {
    return withSecure(name, true, [&](LeaseCell& cell) {
      const bio::Chain* const chain = bio::Chain::of(cell.ssl);
      const bool elsewhere = chain != nullptr && side_ == Source::main && chain->bound();
      return elsewhere ? kOtherThread : operation(cell);
    });
  }

  std::shared_ptr<Channel> channel_;  // null once closed
  const Source side_;
  std::vector<std::shared_ptr<LeaseSegment>> segments_;  // those seen so far
  std::unordered_map<int, uint64_t> lent_;               // duplicates and their inodes
  std::unordered_multiset<SSL*> lentTls_;
  // The cell whose lock was waited for in vain, until it is had: nobody waits for it a second time.
  const LeaseCell* occupied_ = nullptr;
};

}  // namespace lwspool

// Who may use a connection's descriptor, SSL object and decoder: one cell for each slot, which
// never moves. The right to use the three is one thing that somebody has: the worker while it
// serves, or the holder of an exclusive lease on whatever thread. See docs/threading.md.
#pragma once

#include <openssl/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "../base/connection_id.h"
#include "../base/slot_lock.h"
#include "../flight/recorded.h"
#include "../ws/frame_decoder.h"
#include "duplicates.h"
#include "holding.h"

namespace lwspool {

enum class Ownership : uint8_t {
  nobody,    // not established, or over
  worker,    // served
  holder,    // an exclusive lease is out
  draining,  // given back, but operations of a ring that it began are still in flight
  returned,  // given back; the worker has something to do before it serves again
  detached   // taken away for good
};

// Why a lease was not granted, or may not be used. As JavaScript sees it, see src/native.ts.
enum class Refusal : int8_t {
  none = 0,
  busy = -1,            // has to be waited for
  notEstablished = -2,  // never was, so far
  closed = -3,
  notHeld = -4,  // the token is not, or not any more, that of a lease
  occupied = -5  // the worker has not let go of the slot's lock within kSlotPatience
};

struct LeaseTerms {
  bool exclusive = true;
  bool frame = false;      // only where the stream stands between two incoming frames
  uint64_t expiresAt = 0;  // ms, monotonicNow(); 0: never
  Source side = Source::main;
  bool quiet = false;  // a shared one of monitoring's own: no event of the connection's
};

// What an operation of a ring does to the stream.
enum class Lane : uint8_t { none, read, write };

// The operations in flight in one direction: one, or those of one chain, which run in turn. Two at
// once could mix their bytes.
struct Traffic {
  uint32_t operations = 0;
  uint64_t chain = 0;
};

// A shared lease.
struct SharedLease {
  uint64_t token;
  uint64_t expiresAt;
  Source side;
  bool quiet;
};

// Recorded::mutex is the slot's lock: it guards all that follows.
struct LeaseCell : Recorded {
  uint32_t generation = 0;  // of the connection that was established last
  Ownership ownership = Ownership::nobody;
  bool needsService = false;  // the worker came by while it had no right, and left something undone
  bool writeComplete = true;  // nothing of ours is half-written, or on its way to the kernel
  // A holder has sent messages that are encoded: what we have sent before is not what the peer's
  // extension takes the next one to refer to.
  bool sentVoid = false;
  bool closing = false;  // no leases any more
  int fd = -1;
  int poll = -1;  // the epoll instance that watches it; -1: a ring does
  SSL* ssl = nullptr;
  ws::FrameDecoder* decoder = nullptr;  // the worker's; null on raw connections
  uint32_t requests = 0;                // requests that wait in the worker, first come first served
  Duplicates duplicates;                // descriptors of the socket that holders have been given
  bool lent = false;                    // any of those ever was: a process may have it still
  bool lingers = false;                 // a holder has set SO_LINGER
  uint64_t lastToken = 0;               // grows for ever, over all connections of the slot
  // Of the exclusive lease; 0: there is none. Written under the lock, and read without it by
  // whoever asks whether one is over: what it was once it never is again.
  std::atomic<uint64_t> token{0};
  uint64_t expiresAt = 0;      // of the same
  Source side = Source::main;  // of the same
  uint32_t pins = 0;           // operations of rings in flight under the same
  Traffic reading;             // of those
  Traffic writing;
  std::vector<SharedLease> sharedLeases;
  uint64_t clock = 0;  // when the worker looks for leases whose time is over; 0: it does not
  std::unique_ptr<Holding> holding;  // what the holder did, once it has done anything
  Verdict verdict;                   // on the last holder, where ownership is `returned`

  // All that follows: any thread, with the lock held.

  Refusal may(uint32_t generation, const LeaseTerms&) const;
  // After may() had nothing against it, or once the worker has seen to it that all holds.
  uint64_t grant(const LeaseTerms&);
  // Whether the worker has to look then, and was not going to look before.
  bool scheduleExpiry(uint64_t expiresAt);
  // The earliest end of a lease that is held; 0: none.
  uint64_t nextEnd() const;
  // Ends the exclusive lease, judges what the holder left, and answers whether the worker has to
  // be told. The duplicate is the holder's (-1: none), and still open. While operations are in
  // flight, the right stays away from everybody, until the last of them is unpinned.
  bool giveBack(int duplicate);
  // Ends the lease of that token, of whichever kind, which is held: as giveBack().
  bool end(uint64_t token, int duplicate);
  // An operation of a ring begins under the exclusive lease; false: another one is in its lane.
  bool pin(Lane, uint64_t chain);
  // It is over; as giveBack().
  bool unpin(Lane);
  // What giveBack() ends with, whether operations are in flight or not.
  bool settle();
  // Operations are in flight that read or write.
  bool moving() const { return reading.operations + writing.operations > 0; }
  // Whether an operation that was pinned under that lease still counts.
  bool pinned(uint32_t generation, uint64_t token) const;
  // All leases end, with nothing given back.
  void revoke();
  bool holds(uint32_t generation, uint64_t token, uint64_t now) const;
  bool holdsShared(uint32_t generation, uint64_t token, uint64_t now) const;
  // What the holder does is written down from now on.
  Holding& hold();

 private:
  Traffic* traffic(Lane);
};

// How long the operations of an expired lease get to end; then the connection does. Milliseconds.
inline constexpr uint64_t kDrainPatience = 2'000;

// A cell is large, and most pools are small.
inline constexpr uint32_t kLeaseSlots = 64;

struct LeaseSegment {
  LeaseCell cells[kLeaseSlots];
};

}  // namespace lwspool

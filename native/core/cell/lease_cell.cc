#include "lease_cell.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "../bio/chain.h"
#include "../flight/tls_watch.h"
#include "../io/transport.h"
#include "lent_socket.h"

namespace lwspool {

namespace {

// Of two descriptors: both are the same socket.
bool sameSocket(int one, int other) {
  struct stat a;
  struct stat b;
  return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_ino == b.st_ino &&
         a.st_dev == b.st_dev;
}

}  // namespace

Refusal LeaseCell::may(uint32_t known, const LeaseTerms& terms) const {
  if (generation != known) {
    // Compared around the end of the numbers: a generation may be long past, or yet to come.
    return static_cast<int32_t>(known - generation) > 0 ? Refusal::notEstablished : Refusal::closed;
  }
  if (ownership == Ownership::nobody || ownership == Ownership::detached || closing)
    return Refusal::closed;
  if (ownership != Ownership::worker || requests > 0) return Refusal::busy;
  if (!terms.exclusive) return Refusal::none;
  const bool mid = terms.frame && decoder != nullptr && !decoder->betweenFrames();
  return !writeComplete || mid || !sharedLeases.empty() ? Refusal::busy : Refusal::none;
}

uint64_t LeaseCell::grant(const LeaseTerms& terms) {
  lastToken++;
  if (!terms.quiet) {
    note(Flight::leaseGranted, lastToken, terms.exclusive, static_cast<uint8_t>(terms.side));
  }
  if (terms.exclusive) {
    ownership = Ownership::holder;
    token = lastToken;
    expiresAt = terms.expiresAt;
    side = terms.side;
    needsService = false;
  } else {
    sharedLeases.push_back({lastToken, terms.expiresAt, terms.side, terms.quiet});
  }
  return lastToken;
}

bool LeaseCell::scheduleExpiry(uint64_t end) {
  if (end == 0 || (clock != 0 && clock <= end)) return false;
  clock = end;
  return true;
}

uint64_t LeaseCell::nextEnd() const {
  uint64_t next = ownership == Ownership::holder ? expiresAt : 0;
  if (ownership == Ownership::draining && expiresAt != 0) next = expiresAt + kDrainPatience;
  for (const SharedLease& one : sharedLeases) {
    if (one.expiresAt != 0 && (next == 0 || one.expiresAt < next)) next = one.expiresAt;
  }
  return next;
}

bool LeaseCell::giveBack(int duplicate) {
  note(Flight::leaseReturned, token, 1, static_cast<uint8_t>(side));
  if (const bio::Chain* chain = bio::Chain::of(ssl); chain != nullptr && chain->detached()) {
    hold().taint("a memory BIO was left in the place of the socket");
  }
  if (holding && holding->exposed() && duplicate >= 0 && !sameSocket(duplicate, fd)) {
    holding->taint("its descriptor was closed");
  }
  if (lent) restoreFlags(fd);
  if (pins == 0) return settle();
  ownership = Ownership::draining;
  return false;
}

bool LeaseCell::end(uint64_t which, int duplicate) {
  if (token == which) return giveBack(duplicate);
  if (lent) restoreFlags(fd);
  std::erase_if(sharedLeases, [&](const SharedLease& one) {
    if (one.token != which) return false;
    if (!one.quiet) note(Flight::leaseReturned, which, 0, static_cast<uint8_t>(one.side));
    return true;
  });
  return sharedLeases.empty() && requests > 0;
}

bool LeaseCell::settle() {
  pins = 0;
  reading = writing = {};
  if (holding) {
    const bool exposed = holding->exposed();
    verdict = holding->judge();
    sentVoid = sentVoid || verdict.sentVoid;
    holding.reset();
    if (verdict.taint != nullptr) {
      note(Flight::leaseTainted, token, 1, static_cast<uint8_t>(side));
    } else if (exposed && flight && ssl != nullptr) {
      watchTls(ssl, *this, Lock::held);
    }
  }
  token = 0;
  if (!needsService && requests == 0 && verdict.clean() && !hasPending(ssl)) {
    ownership = Ownership::worker;
    return false;
  }
  ownership = Ownership::returned;
  return true;
}

Holding& LeaseCell::hold() {
  if (!holding) holding = std::make_unique<Holding>(Stream{fd, ssl, decoder});
  return *holding;
}

Traffic* LeaseCell::traffic(Lane lane) {
  if (lane == Lane::none) return nullptr;
  return lane == Lane::read ? &reading : &writing;
}

bool LeaseCell::pin(Lane lane, uint64_t chain) {
  if (Traffic* const found = traffic(lane)) {
    if (found->operations > 0 && found->chain != chain) return false;
    found->operations++;
    found->chain = chain;
  }
  pins++;
  return true;
}

bool LeaseCell::unpin(Lane lane) {
  pins--;
  if (Traffic* const found = traffic(lane)) found->operations--;
  return pins == 0 && ownership == Ownership::draining && settle();
}

bool LeaseCell::pinned(uint32_t known, uint64_t which) const {
  return generation == known && token == which && which != 0 &&
         (ownership == Ownership::holder || ownership == Ownership::draining);
}

void LeaseCell::revoke() {
  if (token != 0) note(Flight::leaseRevoked, token, 1, static_cast<uint8_t>(side));
  for (const SharedLease& one : sharedLeases) {
    if (one.quiet) continue;
    note(Flight::leaseRevoked, one.token, 0, static_cast<uint8_t>(one.side));
  }
  ownership = Ownership::nobody;
  token = 0;
  pins = 0;
  reading = writing = {};
  sharedLeases.clear();
  holding.reset();
  verdict = {};
  requests = 0;
}

bool LeaseCell::holds(uint32_t known, uint64_t which, uint64_t now) const {
  return generation == known && ownership == Ownership::holder && which != 0 && token == which &&
         (expiresAt == 0 || now < expiresAt);
}

bool LeaseCell::holdsShared(uint32_t known, uint64_t which, uint64_t now) const {
  if (generation != known || ownership == Ownership::nobody || ownership == Ownership::detached)
    return false;
  for (const SharedLease& one : sharedLeases) {
    if (one.token == which) return one.expiresAt == 0 || now < one.expiresAt;
  }
  return false;
}

}  // namespace lwspool

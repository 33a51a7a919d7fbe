#include "lease_cell.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "../bio/chain.h"
#include "../flight/tls_watch.h"
#include "../net/transport.h"
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

Refusal LeaseCell::may(uint32_t wanted, const LeaseTerms& terms) const {
  if (generation != wanted) {
    // Compared around the end of the numbers: a generation may be long past, or yet to come.
    return static_cast<int32_t>(wanted - generation) > 0 ? Refusal::notEstablished
                                                         : Refusal::closed;
  }
  if (right == Right::nobody || right == Right::detached || closing) return Refusal::closed;
  if (right != Right::worker || wishes > 0) return Refusal::busy;
  if (!terms.exclusive) return Refusal::none;
  const bool mid = terms.frame && decoder != nullptr && !decoder->betweenFrames();
  return !whole || mid || !observers.empty() ? Refusal::busy : Refusal::none;
}

uint64_t LeaseCell::grant(const LeaseTerms& terms) {
  lastToken++;
  if (!terms.quiet) {
    note(Flight::leaseGranted, lastToken, terms.exclusive, static_cast<uint8_t>(terms.side));
  }
  if (terms.exclusive) {
    right = Right::holder;
    token = lastToken;
    expiresAt = terms.expiresAt;
    side = terms.side;
    work = false;
  } else {
    observers.push_back({lastToken, terms.expiresAt, terms.side, terms.quiet});
  }
  return lastToken;
}

bool LeaseCell::wind(uint64_t wanted) {
  if (wanted == 0 || (clock != 0 && clock <= wanted)) return false;
  clock = wanted;
  return true;
}

uint64_t LeaseCell::nextEnd() const {
  uint64_t next = right == Right::holder ? expiresAt : 0;
  if (right == Right::draining && expiresAt != 0) next = expiresAt + kDrainPatience;
  for (const Observer& one : observers) {
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
  right = Right::draining;
  return false;
}

bool LeaseCell::end(uint64_t which, int duplicate) {
  if (token == which) return giveBack(duplicate);
  if (lent) restoreFlags(fd);
  std::erase_if(observers, [&](const Observer& one) {
    if (one.token != which) return false;
    if (!one.quiet) note(Flight::leaseReturned, which, 0, static_cast<uint8_t>(one.side));
    return true;
  });
  return observers.empty() && wishes > 0;
}

bool LeaseCell::settle() {
  pins = 0;
  reading = writing = {};
  if (holding) {
    const bool exposed = holding->exposed();
    verdict = holding->judge();
    holding.reset();
    if (verdict.taint != nullptr) {
      note(Flight::leaseTainted, token, 1, static_cast<uint8_t>(side));
    } else if (exposed && flight && ssl != nullptr) {
      watchTls(ssl, *this, Lock::held);
    }
  }
  token = 0;
  if (!work && wishes == 0 && verdict.clean() && !hasPending(ssl)) {
    right = Right::worker;
    return false;
  }
  right = Right::returned;
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
  return pins == 0 && right == Right::draining && settle();
}

bool LeaseCell::pinned(uint32_t wanted, uint64_t which) const {
  return generation == wanted && token == which && which != 0 &&
         (right == Right::holder || right == Right::draining);
}

void LeaseCell::revoke() {
  if (token != 0) note(Flight::leaseRevoked, token, 1, static_cast<uint8_t>(side));
  for (const Observer& one : observers) {
    if (one.quiet) continue;
    note(Flight::leaseRevoked, one.token, 0, static_cast<uint8_t>(one.side));
  }
  right = Right::nobody;
  token = 0;
  pins = 0;
  reading = writing = {};
  observers.clear();
  holding.reset();
  verdict = {};
  wishes = 0;
}

bool LeaseCell::holds(uint32_t wanted, uint64_t which, uint64_t now) const {
  return generation == wanted && right == Right::holder && which != 0 && token == which &&
         (expiresAt == 0 || now < expiresAt);
}

bool LeaseCell::observes(uint32_t wanted, uint64_t which, uint64_t now) const {
  if (generation != wanted || right == Right::nobody || right == Right::detached) return false;
  for (const Observer& one : observers) {
    if (one.token == which) return one.expiresAt == 0 || now < one.expiresAt;
  }
  return false;
}

}  // namespace lwspool

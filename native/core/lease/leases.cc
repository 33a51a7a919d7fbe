#include "leases.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "../bio/socket.h"
#include "../cell/lent_socket.h"
#include "../flight/tls_watch.h"
#include "../io/addresses.h"

namespace lwspool {

namespace {

// A number may be somebody else's by now.
void closeIfSame(int fd, uint64_t inode) {
  struct stat status;
  if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_ino == inode) ::close(fd);
}

}  // namespace

Leases::Leases(std::shared_ptr<Channel> channel, Source side)
    : channel_(std::move(channel)), side_(side) {}

Leases::~Leases() {
  for (const auto& [fd, inode] : lent_) closeIfSame(fd, inode);
  for (SSL* ssl : lentTls_) SSL_free(ssl);
}

void Leases::close() {
  segments_.clear();
  channel_.reset();
}

LeaseCell* Leases::cell(ConnectionId id) {
  if (!channel_) return nullptr;
  const uint32_t segment = id.slot / kLeaseSlots;
  if (segment >= segments_.size()) segments_.resize(segment + 1);
  auto& known = segments_[segment];
  if (!known) known = channel_->slots.leases(segment);
  return known ? &known->cells[id.slot % kLeaseSlots] : nullptr;
}

// On the worker's own thread nobody keeps it for long, see SlotLock.
bool Leases::enter(LeaseCell& cell, std::unique_lock<SlotLock>& lock) {
  if (side_ == Source::handler) {
    lock.lock();
    return true;
  }
  const uint64_t patience = occupied_ == &cell ? 0 : kSlotPatience;
  if (lock.try_lock() || (patience > 0 && cell.mutex.tryLockFor(patience))) {
    if (!lock.owns_lock()) lock = std::unique_lock(cell.mutex, std::adopt_lock);
    if (occupied_ == &cell) occupied_ = nullptr;
    return true;
  }
  occupied_ = &cell;
  return false;
}

// --- the lease itself ----------------------------------------------------------------------------

int64_t Leases::take(ConnectionId id, bool exclusive, bool frame, uint64_t maxHold, bool quiet) {
  LeaseCell* const found = cell(id);
  if (found == nullptr) {
    return static_cast<int64_t>(channel_ ? Refusal::notEstablished : Refusal::closed);
  }
  const uint64_t expiresAt = maxHold == 0 ? 0 : monotonicNow() + maxHold;
  const LeaseTerms terms{exclusive, frame, expiresAt, side_, quiet};
  uint64_t token;
  bool wound;
  {
    std::unique_lock lock(found->mutex, std::defer_lock);
    if (!enter(*found, lock)) return static_cast<int64_t>(Refusal::busy);
    const Refusal refusal = found->may(id.generation, terms);
    if (refusal != Refusal::none) return static_cast<int64_t>(refusal);
    token = found->grant(terms);
    wound = found->scheduleExpiry(expiresAt);
  }
  if (wound) channel_->push(LeaseClock{id, expiresAt});
  return static_cast<int64_t>(token);
}

Leases::Outcome Leases::release(const LeaseName& name, int duplicate, bool& closing) {
  bool news = false;
  const Outcome outcome = with(name, false, [&](LeaseCell& cell) {
    const bool exclusive = cell.token == name.token;
    news = cell.end(name.token, duplicate);
    closing = exclusive && cell.ownership == Ownership::returned && cell.verdict.ends();
    return 0;
  });
  if (outcome.refusal == Refusal::occupied) {
    channel_->push(LeaseReturn{name.id, name.token, duplicate < 0 || intact(duplicate)});
    return {};
  }
  if (news) channel_->push(LeaseNews{name.id});
  return outcome;
}

Leases::Outcome Leases::check(const LeaseName& name) {
  return with(name, false, [](LeaseCell&) { return 0; });
}

Leases::Outcome Leases::leftover(const LeaseName& name, std::string& out) {
  return with(name, true, [&](LeaseCell& cell) {
    if (cell.decoder != nullptr) out = cell.hold().leftover();
    return 0;
  });
}

Leases::Outcome Leases::secure(const LeaseName& name, bool& tls) {
  return with(name, false, [&](LeaseCell& cell) {
    tls = cell.ssl != nullptr;
    return 0;
  });
}

// --- what leaves our sight -----------------------------------------------------------------------

Leases::Outcome Leases::duplicate(const LeaseName& name, int& fd, uint64_t& inode) {
  return with(name, false, [&](LeaseCell& cell) {
    struct stat status;
    if (fstat(cell.fd, &status) != 0) return errno;
    if (cell.token == name.token) {
      if (cell.moving()) return EBUSY;
      cell.hold().expose();
    }
    fd = fcntl(cell.fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) return errno;
    inode = status.st_ino;
    cell.duplicates.add();
    cell.lent = true;
    lent_[fd] = inode;
    return 0;
  });
}

void Leases::closeDuplicate(ConnectionId id, int fd, uint64_t inode) {
  closeIfSame(fd, inode);
  lent_.erase(fd);
  returnSocket(id);
}

void Leases::returnSocket(ConnectionId id) {
  if (LeaseCell* const found = cell(id)) {
    found->duplicates.drop(id.generation);
  }
}

bool Leases::intact(int duplicate) const {
  const auto lent = lent_.find(duplicate);
  struct stat status;
  return lent != lent_.end() && fstat(duplicate, &status) == 0 && status.st_ino == lent->second;
}

Leases::Outcome Leases::exposeTls(const LeaseName& name, SSL*& ssl) {
  return withSecure(name, true, [&](LeaseCell& cell) {
    if (cell.moving()) return EBUSY;
    cell.hold().expose();
    unwatchTls(cell.ssl);  // from here on it may be used without the lock
    if (bio::Socket* const socket = bio::Socket::of(cell.ssl)) {
      socket->grant(bio::Socket::kUnbounded);
    }
    SSL_up_ref(cell.ssl);
    ssl = cell.ssl;
    lentTls_.insert(ssl);
    return 0;
  });
}

void Leases::dropTls(SSL* ssl) {
  const auto lent = lentTls_.find(ssl);
  if (lent == lentTls_.end()) return;
  lentTls_.erase(lent);
  SSL_free(ssl);
}

Leases::Outcome Leases::confirmFrameBoundary(const LeaseName& name, bool uncompressed) {
  return with(name, true, [&](LeaseCell& cell) {
    cell.hold().confirmFrameBoundary(uncompressed);
    return 0;
  });
}

// --- the socket ----------------------------------------------------------------------------------

Leases::Outcome Leases::getOption(const LeaseName& lease, int level, int name, uint8_t* out,
                                  size_t& size) {
  return with(lease, false, [&](LeaseCell& cell) {
    auto length = static_cast<socklen_t>(size);
    if (getsockopt(cell.fd, level, name, out, &length) != 0) return errno;
    size = length;
    int error = 0;
    if (level == SOL_SOCKET && name == SO_ERROR && size == sizeof error) {
      std::memcpy(&error, out, size);
      if (error != 0 && cell.ownership == Ownership::holder) cell.hold().lost("getsockopt", error);
    }
    return 0;
  });
}

Leases::Outcome Leases::setOption(const LeaseName& lease, int level, int name, const uint8_t* value,
                                  size_t size) {
  return with(lease, true, [&](LeaseCell& cell) {
    const int result = setsockopt(cell.fd, level, name, value, static_cast<socklen_t>(size));
    if (result != 0) return errno;
    if (level == SOL_SOCKET && name == SO_LINGER) cell.lingers = true;
    return 0;
  });
}

Leases::Outcome Leases::queued(const LeaseName& name, bool unsent, int& bytes) {
  return with(name, false, [&](LeaseCell& cell) {
    return ioctl(cell.fd, unsent ? SIOCOUTQ : SIOCINQ, &bytes) == 0 ? 0 : errno;
  });
}

Leases::Outcome Leases::addresses(const LeaseName& name, Fields& out) {
  return with(name, false, [&](LeaseCell& cell) {
    describeAddresses(cell.fd, out);
    return 0;
  });
}

Leases::Outcome Leases::readSocket(const LeaseName& name, uint8_t* out, size_t capacity,
                                   IoResult& result) {
  return with(name, true, [&](LeaseCell& cell) {
    if (capacity == 0) return EINVAL;
    if (cell.reading.operations > 0) return EBUSY;
    result = receive(cell.fd, nullptr, out, capacity);
    if (result.status == IoResult::Status::broken) cell.hold().lost("read", result.error);
    if (result.status != IoResult::Status::done) return 0;
    cell.note(Flight::read, result.bytes, 0, kMovedByHolder);
    cell.hold().hasReadSocket(out, result.bytes);
    return 0;
  });
}

Leases::Outcome Leases::writeSocket(const LeaseName& name, const uint8_t* bytes, size_t size,
                                    IoResult& result) {
  return with(name, true, [&](LeaseCell& cell) {
    result = {IoResult::Status::done};
    if (size == 0) return 0;
    if (cell.writing.operations > 0) return EBUSY;
    result = transmit(cell.fd, nullptr, bytes, size);
    if (result.status == IoResult::Status::broken) cell.hold().lost("write", result.error);
    if (result.status != IoResult::Status::done) return 0;
    cell.note(Flight::written, result.bytes, static_cast<uint32_t>(size), kMovedByHolder);
    cell.hold().hasWrittenSocket(bytes, result.bytes);
    return 0;
  });
}

Leases::Outcome Leases::shutdownSocket(const LeaseName& name, int how) {
  return with(name, true, [&](LeaseCell& cell) {
    if (shutdown(cell.fd, how) != 0) return errno;
    if (cell.decoder != nullptr || cell.ssl != nullptr) {
      cell.hold().taint("the socket was shut down");
    } else if (how != SHUT_RD) {
      cell.hold().finSent();
    }
    return 0;
  });
}

// --- rings ---------------------------------------------------------------------------------------

Leases::Outcome Leases::pin(const LeaseName& name, Lane lane, uint64_t chain, Pin& out) {
  return with(name, lane != Lane::none, [&](LeaseCell& cell) {
    if (cell.token != name.token) return 0;  // who only looks is waited for by nobody
    if (!cell.pin(lane, chain)) return EBUSY;
    out = Pin(channel_, segments_[name.id.slot / kLeaseSlots], name.id, name.token, lane);
    return 0;
  });
}

}  // namespace lwspool

#include "leases.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "../bio/socket.h"
#include "../flight/tls_watch.h"
#include "../net/addresses.h"
#include "lent_socket.h"

namespace lwspool {

namespace {

// The detail of bytes in the flight recorder that the holder of a lease has moved.
constexpr uint8_t kByHolder = 1;

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
    wound = found->wind(expiresAt);
  }
  if (wound) channel_->push(LeaseClock{id, expiresAt});
  return static_cast<int64_t>(token);
}

Leases::Outcome Leases::release(const LeaseName& name, int duplicate, bool& closing) {
  bool news = false;
  const Outcome outcome = with(name, false, [&](LeaseCell& cell) {
    const bool exclusive = cell.token == name.token;
    news = cell.end(name.token, duplicate);
    closing = exclusive && cell.right == Right::returned && cell.verdict.ends();
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

Leases::Outcome Leases::vouch(const LeaseName& name) {
  return with(name, true, [](LeaseCell& cell) {
    cell.hold().vouch();
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
      if (error != 0 && cell.right == Right::holder) cell.hold().lost("getsockopt", error);
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
    cell.note(Flight::read, result.bytes, 0, kByHolder);
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
    cell.note(Flight::written, result.bytes, static_cast<uint32_t>(size), kByHolder);
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

// --- through TLS ---------------------------------------------------------------------------------

Leases::Outcome Leases::readTls(const LeaseName& name, uint8_t* out, size_t capacity,
                                IoResult& result) {
  return withBytes(name, [&](LeaseCell& cell) {
    if (capacity == 0) return EINVAL;
    result = receive(cell.fd, cell.ssl, out, capacity);
    if (result.status == IoResult::Status::done) {
      cell.note(Flight::read, result.bytes, 0, kByHolder);
      cell.hold().hasRead(out, result.bytes);
    } else if (result.status == IoResult::Status::broken) {
      cell.hold().lost("read", result.error);
    } else if (result.status != IoResult::Status::again) {
      cell.work = true;  // OpenSSL has the end now, and no poller reports it to the worker
    }
    return 0;
  });
}

Leases::Outcome Leases::writeTls(const LeaseName& name, const uint8_t* bytes, size_t size,
                                 IoResult& result) {
  return withBytes(name, [&](LeaseCell& cell) {
    if (size == 0) return EINVAL;
    result = transmit(cell.fd, cell.ssl, bytes, size);
    if (result.status == IoResult::Status::broken) cell.hold().lost("write", result.error);
    // A record that is begun has to be finished with the same bytes.
    cell.hold().writePending(result.status == IoResult::Status::again);
    if (result.status != IoResult::Status::done) return 0;
    cell.note(Flight::written, result.bytes, static_cast<uint32_t>(size), kByHolder);
    cell.hold().hasWritten(bytes, result.bytes);
    return 0;
  });
}

Leases::Outcome Leases::updateKeys(const LeaseName& name, bool requestPeer, TlsResult& result) {
  return withBytes(name, [&](LeaseCell& cell) {
    Holding& held = cell.hold();
    result = {TlsResult::Status::again, {}};
    const bool begun = held.keysPending();
    if (begun || !held.writePending()) result = lwspool::updateKeys(cell.ssl, requestPeer);
    // Where it has begun it has to be finished, by this or by the next write. Else another record
    // is in the way.
    const bool pending = result.status == TlsResult::Status::again && SSL_in_init(cell.ssl) != 0;
    if (begun || pending) held.keysPending(pending);
    return 0;
  });
}

Leases::Outcome Leases::shutdownTls(const LeaseName& name, TlsResult& result) {
  return withBytes(name, [&](LeaseCell& cell) {
    Holding& held = cell.hold();
    result = {TlsResult::Status::again, {}};
    if (!held.writePending()) result = lwspool::shutdownTls(cell.ssl);
    if (result.status == TlsResult::Status::done) held.taint("TLS was shut down");
    return 0;
  });
}

// --- BIOs ----------------------------------------------------------------------------------------

Leases::Outcome Leases::pushBio(const LeaseName& name, std::shared_ptr<bio::Layer> layer,
                                bio::Refused& refused) {
  return withSecure(name, true, [&](LeaseCell& cell) {
    if (layer->bound() && side_ == Source::owner) {
      refused = "a BIO of JavaScript is pushed in a handler alone";
      return 0;
    }
    refused = cell.hold().writePending() ? "a write has to be finished first"
                                         : bio::Chain::push(cell.ssl, std::move(layer));
    return 0;
  });
}

Leases::Outcome Leases::popBio(const LeaseName& name, std::shared_ptr<bio::Layer>& out,
                               bio::Refused& refused) {
  return withBytes(name, [&](LeaseCell& cell) {
    refused = cell.hold().writePending() ? "a write has to be finished first"
                                         : bio::Chain::pop(cell.ssl, out);
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

// --- for good ------------------------------------------------------------------------------------

namespace {

// A socket that is connected to nobody: what libwebsockets closes instead of the one that was
// taken away.
int dummySocket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

}  // namespace

Leases::Outcome Leases::detach(const LeaseName& name, uint64_t patience, Detached& out) {
  LeaseCell* const found = cell(name.id);
  if (found == nullptr) return {Refusal::notHeld};
  std::unique_lock lock(found->mutex, std::defer_lock);
  if (!enter(*found, lock)) return {Refusal::occupied};
  LeaseCell& cell = *found;
  if (!cell.holds(name.id.generation, name.token, monotonicNow())) return {Refusal::notHeld};
  if (cell.pins > 0) return {Refusal::none, EBUSY};
  const int dummy = dummySocket();
  if (dummy < 0) return {Refusal::none, errno};
  const int fd = fcntl(cell.fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) {
    const int error = errno;
    ::close(dummy);
    return {Refusal::none, error};
  }
  Holding& held = cell.hold();
  out.leftover = held.leftover();
  // The poll set knows the socket, not its number, and would go on watching it. Where it is a
  // ring's the worker takes it out, in forget(): until then nothing but the socket's last close
  // waits.
  if (cell.poll >= 0) epoll_ctl(cell.poll, EPOLL_CTL_DEL, cell.fd, nullptr);
  dup3(dummy, cell.fd, O_CLOEXEC);
  ::close(dummy);
  SSL* const ssl = cell.ssl;
  // Shared: the slot may have its next connection before this thread runs again.
  std::shared_ptr<Departure> departure;
  int ends = 0;  // of either direction, that TLS has had
  if (ssl != nullptr) {
    ends = SSL_get_shutdown(ssl);
    departure = held.departure = std::make_shared<Departure>();
    SSL_up_ref(ssl);
    SSL_set_quiet_shutdown(ssl, 1);  // libwebsockets says nothing when it lets go
    unwatchTls(ssl);
  }
  cell.note(Flight::detached, name.token, 1, static_cast<uint8_t>(side_));
  cell.right = Right::detached;
  cell.token = 0;
  cell.observers.clear();
  lock.unlock();
  channel_->push(LeaseNews{name.id});
  if (ssl == nullptr) {
    out.fd = fd;
    return {};
  }
  // Two threads may not use one SSL object, so it is the holder's only once libwebsockets has
  // closed what it takes for the connection.
  if (!departure->wait(patience)) {
    ::close(fd);
    SSL_free(ssl);
    return {Refusal::none, ETIMEDOUT};
  }
  bio::Chain::clear(ssl);
  SSL_set_quiet_shutdown(ssl, 0);
  SSL_set_shutdown(ssl, ends);
  SSL_set_fd(ssl, fd);
  SSL_set_mode(ssl, SSL_MODE_AUTO_RETRY);  // as OpenSSL has made it
  out.fd = fd;
  out.ssl = ssl;
  return {};
}

}  // namespace lwspool

// Connections that are taken away for good.
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "../flight/tls_watch.h"
#include "leases.h"

namespace lwspool {

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
  cell.ownership = Ownership::detached;
  cell.token = 0;
  cell.sharedLeases.clear();
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

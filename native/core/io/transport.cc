#include "transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "../bio/chain.h"
#include "../bio/socket.h"

namespace lwspool {

namespace {

using Status = IoResult::Status;

// One record of TLS holds at most this much (RFC 8446, 5.1).
constexpr size_t kRecordPayload = 16 * 1024;

// readv(2), which never waits: somebody may have cleared O_NONBLOCK, as a child process does that
// is given the descriptor.
ssize_t gather(int fd, std::span<iovec> parts) {
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return recvmsg(fd, &message, MSG_DONTWAIT);
}

IoResult systemError(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return {Status::again};
  return {Status::broken, 0, error};
}

// Node's own use of OpenSSL on this thread may have left something, which SSL_get_error(3) would
// take for ours. Looking costs a tenth of what clearing does.
void clearErrors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

IoResult tlsError(SSL* ssl, int result) {
  const int error = errno;
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {Status::again};
    case SSL_ERROR_ZERO_RETURN:
      return {Status::ended};
    case SSL_ERROR_SYSCALL:
      return error == 0 ? IoResult{Status::truncated} : systemError(error);
    default:
      break;
  }
  const unsigned long last = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_REASON(last) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return {Status::truncated};
  IoResult failure{Status::broken, 0, EPROTO};
  failure.reason = ERR_reason_error_string(last);
  return failure;
}

// A layer has put the call off: only it knows whether there is more.
bool putOff(const bio::Chain* chain) { return chain != nullptr && chain->ownRetries() > 0; }

IoResult receiveTls(SSL* ssl, uint8_t* buffer, size_t capacity) {
  bio::Socket* const socket = bio::Socket::of(ssl);
  const bio::Chain* const chain = bio::Chain::of(ssl);
  const bio::Socket::Reading reading(socket);
  size_t filled = 0;
  bool over = false;
  do {
    clearErrors();
    errno = 0;
    if (socket != nullptr) socket->asking();
    const int room = static_cast<int>(std::min<size_t>(capacity - filled, INT_MAX));
    const int result = SSL_read(ssl, buffer + filled, room);
    if (result <= 0) {
      // What was read comes first; the same condition shows again at the next call.
      if (filled > 0) {
        over = SSL_want_read(ssl) == 0 && SSL_want_write(ssl) == 0;
        break;
      }
      IoResult failure = tlsError(ssl, result);
      if (socket == nullptr) {
        if (failure.status == Status::again) releaseBuffers(ssl);
        return failure;
      }
      if (socket->fault() != nullptr) return {Status::broken, 0, EPROTO};
      if (failure.status != Status::again) return failure;
      // OpenSSL comes back behind messages of its own, whatever lies behind them.
      if (!socket->refused() && !putOff(chain)) continue;
      releaseBuffers(ssl);
      failure.more = socket->spent();
      return failure;
    }
    filled += static_cast<size_t>(result);
    if (socket == nullptr) continue;
    socket->dataCame(static_cast<size_t>(result));
    if (socket->exhausted()) break;
  } while (filled == 0 || (capacity - filled >= kRecordPayload && SSL_has_pending(ssl) == 1));
  // What a layer may have read ahead is to be asked for as well.
  const bool drained =
      socket != nullptr && socket->drained() && (chain == nullptr || !chain->readsAhead());
  return {Status::done, filled, 0, drained && !over, over};
}

}  // namespace

IoResult receive(int fd, SSL* ssl, std::span<uint8_t> first, std::span<uint8_t> second) {
  if (first.empty()) first = std::exchange(second, {});
  if (ssl != nullptr) return receiveTls(ssl, first.data(), first.size());
  iovec parts[] = {{first.data(), first.size()}, {second.data(), second.size()}};
  for (;;) {
    const ssize_t result =
        second.empty() ? recv(fd, first.data(), first.size(), MSG_DONTWAIT) : gather(fd, parts);
    if (result == 0) return {Status::ended};
    if (result > 0) {
      const auto bytes = static_cast<size_t>(result);
      return {Status::done, bytes, 0, bytes < first.size() + second.size()};
    }
    if (errno != EINTR) return systemError(errno);
  }
}

IoResult transmit(int fd, SSL* ssl, const uint8_t* bytes, size_t size) {
  if (ssl != nullptr) {
    clearErrors();
    errno = 0;
    const int result = SSL_write(ssl, bytes, static_cast<int>(std::min<size_t>(size, INT_MAX)));
    if (result > 0) return {Status::done, static_cast<size_t>(result)};
    return tlsError(ssl, result);
  }
  for (;;) {
    const ssize_t result = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result >= 0) return {Status::done, static_cast<size_t>(result)};
    if (errno != EINTR) return systemError(errno);
  }
}

bool hasPending(const SSL* ssl) { return ssl != nullptr && SSL_has_pending(ssl) == 1; }

void releaseBuffers(SSL* ssl) {
  // Asked first: SSL_free_buffers(3) before OpenSSL 3.0.14 overlooked what nobody had read yet.
  if (ssl != nullptr && SSL_has_pending(ssl) == 0) SSL_free_buffers(ssl);
}

void sendCloseNotify(SSL* ssl) {
  ERR_clear_error();
  SSL_shutdown(ssl);
  ERR_clear_error();
}

void shutdownWrite(int fd, SSL* ssl) {
  if (ssl != nullptr) sendCloseNotify(ssl);
  shutdown(fd, SHUT_WR);
}

}  // namespace lwspool

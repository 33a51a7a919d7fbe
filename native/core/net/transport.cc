#include "transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>  // strerrorname_np
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "../bio/chain.h"

namespace lwspool {

namespace {

using Status = IoResult::Status;

// One record of TLS holds at most this much (RFC 8446, 5.1).
constexpr size_t kRecordPayload = 16 * 1024;

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
  const bool truncated =
      ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  ERR_clear_error();
  if (truncated) return {Status::truncated};
  return {Status::broken, 0, EPROTO};
}

// How far the kernel has been read, by what OpenSSL's buffer of more than 16 KiB was filled with:
// all of it is asked for where a record begins, and the rest of a record where one does not.
class Reading {
 public:
  explicit Reading(SSL* ssl) : ssl_(ssl), chain_(bio::Chain::of(ssl)) {
    if (chain_ != nullptr) {
      chain_->beginRead();
    } else if (bio::atBoundary(ssl)) {
      from_ = count();
    }
  }

  bool drained() const {
    // What a layer may have read ahead is to be asked for as well.
    if (chain_ != nullptr) return chain_->drained() && !chain_->readsAhead();
    // It was empty and has not been filled, so that the kernel had less each time.
    return from_ != kUnknown && count() - from_ < kRecordPayload;
  }

 private:
  static constexpr uint64_t kUnknown = ~uint64_t{0};

  uint64_t count() const { return BIO_number_read(SSL_get_rbio(ssl_)); }

  const SSL* const ssl_;
  bio::Chain* const chain_;
  uint64_t from_ = kUnknown;
};

IoResult receiveTls(SSL* ssl, uint8_t* buffer, size_t capacity) {
  const Reading reading(ssl);
  size_t filled = 0;
  do {
    clearErrors();
    errno = 0;
    const int room = static_cast<int>(std::min<size_t>(capacity - filled, INT_MAX));
    const int result = SSL_read(ssl, buffer + filled, room);
    if (result <= 0) {
      // What was read comes first; the same condition shows again at the next call.
      if (filled > 0) break;
      const IoResult failure = tlsError(ssl, result);
      if (failure.status == Status::again) releaseBuffers(ssl);
      return failure;
    }
    filled += static_cast<size_t>(result);
  } while (capacity - filled >= kRecordPayload && SSL_has_pending(ssl) == 1);
  return {Status::done, filled, 0, reading.drained()};
}

}  // namespace

IoResult receive(int fd, SSL* ssl, std::span<uint8_t> first, std::span<uint8_t> second) {
  if (first.empty()) first = std::exchange(second, {});
  if (ssl != nullptr) return receiveTls(ssl, first.data(), first.size());
  iovec parts[] = {{first.data(), first.size()}, {second.data(), second.size()}};
  for (;;) {
    const ssize_t result =
        second.empty() ? recv(fd, first.data(), first.size(), 0) : readv(fd, parts, 2);
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
    const ssize_t result = send(fd, bytes, size, MSG_NOSIGNAL);
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

const char* errnoName(int error) {
#ifdef __GLIBC__
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : "EUNKNOWN";
#else
  switch (error) {
    case ECONNREFUSED:
      return "ECONNREFUSED";
    case ECONNRESET:
      return "ECONNRESET";
    case ETIMEDOUT:
      return "ETIMEDOUT";
    case ENETUNREACH:
      return "ENETUNREACH";
    case EHOSTUNREACH:
      return "EHOSTUNREACH";
    case EADDRNOTAVAIL:
      return "EADDRNOTAVAIL";
    case EADDRINUSE:
      return "EADDRINUSE";
    case EMFILE:
      return "EMFILE";
    case ENFILE:
      return "ENFILE";
    case ENOENT:
      return "ENOENT";
    case EACCES:
      return "EACCES";
    case EPIPE:
      return "EPIPE";
    case EPROTO:
      return "EPROTO";
    default:
      return "EUNKNOWN";
  }
#endif
}

}  // namespace lwspool

#include "socket.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <string>

#include "../base/clock.h"

namespace lwspool::bio {

struct SocketMethod {
  static Socket& socketOf(BIO* bio) { return *static_cast<Socket*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    if (out == nullptr || size <= 0) return 0;
    Socket& socket = socketOf(bio);
    const size_t room = std::min(static_cast<size_t>(size), socket.left_);
    socket.drained_ = socket.ended_ = false;
    if (room == 0) {
      socket.spent_ = socket.refused_ = true;
      BIO_set_retry_read(bio);
      errno = EAGAIN;
      return -1;
    }
    ssize_t result;
    do {
      result = recv(socket.fd_, out, room, MSG_DONTWAIT);
    } while (result < 0 && errno == EINTR);
    socket.drained_ = result < static_cast<ssize_t>(room);
    if (result > 0) {
      if (socket.left_ != Socket::kUnbounded) socket.left_ -= static_cast<size_t>(result);
    } else if (result == 0) {
      socket.ended_ = true;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      socket.refused_ = true;
      BIO_set_retry_read(bio);
    }
    return static_cast<int>(result);
  }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    if (bytes == nullptr || size <= 0) return 0;
    ssize_t result;
    do {
      result =
          send(socketOf(bio).fd_, bytes, static_cast<size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) BIO_set_retry_write(bio);
    return static_cast<int>(result);
  }

  static long control(BIO* bio, int command, long, void* pointer) {
    Socket& socket = socketOf(bio);
    switch (command) {
      case BIO_C_GET_FD:  // by which libwebsockets closes
        if (pointer != nullptr) *static_cast<int*>(pointer) = socket.fd_;
        return socket.fd_;
      case BIO_CTRL_EOF:
        return socket.ended_ ? 1 : 0;
      case BIO_CTRL_FLUSH:
        return 1;
      default:
        return 0;
    }
  }

  static int destroy(BIO* bio) {
    delete static_cast<Socket*>(BIO_get_data(bio));
    BIO_set_data(bio, nullptr);
    return 1;
  }

  // Of the process; never freed, since no BIO may outlive it.
  struct Kind {
    int type = 0;
    BIO_METHOD* method = nullptr;
  };
  static const Kind& kind() {
    static const Kind kind = [] {
      Kind made;
      const int number = BIO_get_new_index();
      if (number < 0) return made;
      made.type = number | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR;
      made.method = BIO_meth_new(made.type, "lws-pool socket");
      if (made.method == nullptr) return made;
      BIO_meth_set_read(made.method, read);
      BIO_meth_set_write(made.method, write);
      BIO_meth_set_ctrl(made.method, control);
      BIO_meth_set_destroy(made.method, destroy);
      return made;
    }();
    return kind;
  }

  static BIO* make(int fd) {
    BIO* const bio = kind().method != nullptr ? BIO_new(kind().method) : nullptr;
    if (bio == nullptr) return nullptr;
    // Nothing may be thrown through OpenSSL.
    BIO_set_data(bio, new (std::nothrow) Socket(fd));
    BIO_set_init(bio, 1);
    if (BIO_get_data(bio) != nullptr) return bio;
    BIO_free(bio);
    return nullptr;
  }
};

bool Socket::place(SSL* ssl) {
  if (of(ssl) != nullptr) return true;
  BIO* const made = SocketMethod::make(SSL_get_fd(ssl));
  if (made == nullptr) return false;
  SSL_set_bio(ssl, made, made);
  SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
  return true;
}

Socket* Socket::of(const SSL* ssl) {
  BIO* const top = ssl != nullptr ? SSL_get_rbio(ssl) : nullptr;
  BIO* const own = top != nullptr ? BIO_find_type(top, SocketMethod::kind().type) : nullptr;
  return own != nullptr ? &SocketMethod::socketOf(own) : nullptr;
}

void Socket::note(const SSL* ssl, int where) {
  Socket* const socket = of(ssl);
  if (socket == nullptr) return;
  if (!socket->counting_) {
    // libwebsockets calls without saying so; but OpenSSL tells when each part of a handshake ends,
    // and what is granted then is for the next.
    if ((where & SSL_CB_EXIT) != 0 && SSL_is_init_finished(ssl) == 0) socket->grant(kPerTurn);
    return;
  }
  // Where a message was read; a server answers each request to renegotiate with an alert.
  const bool still = SSL_get_state(ssl) == TLS_ST_OK;
  if (still ? where == SSL_CB_WRITE_ALERT : (where & SSL_CB_LOOP) != 0) {
    socket->count(const_cast<SSL*>(ssl));
  }
}

void Socket::count(SSL* ssl) {
  if (left_ != kUnbounded) left_ -= std::min(left_, kPerMessage);
  const uint64_t now = monotonicNow();
  if (messages_ == 0 || now - began_ >= kWindow) {
    messages_ = 0;
    began_ = now;
  }
  if (++messages_ <= kMostMessages) return;
  flooded_ = true;
  // OpenSSL may have a thousand more of them: it throws away what comes behind the end.
  SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
}

const ErrorInfo* Socket::fault() const {
  static const ErrorInfo flood = [] {
    ErrorInfo error{"ERR_TLS_FLOOD", {}};
    error.fields.set("limit", std::to_string(kMostMessages));
    return error;
  }();
  return flooded_ ? &flood : nullptr;
}

}  // namespace lwspool::bio

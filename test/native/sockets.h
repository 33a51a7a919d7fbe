// Both ends of a connection: pairs of sockets, TLS over them, and a peer that speaks WebSocket.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "../../native/core/bio/socket.h"
#include "ws_frames.h"

namespace lwspool::test {

struct SocketPair {
  int ours;
  int theirs;
};

inline SocketPair unixPair() {
  int ends[2];
  REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  return {ends[0], ends[1]};
}

// Over loopback TCP, which alone knows resets and half-closed ends as the network has them.
inline SocketPair tcpPair(int bufferSize = 0) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bufferSize > 0) {
    for (const int fd : {listener, ours}) {
      setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bufferSize, sizeof bufferSize);
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bufferSize, sizeof bufferSize);
    }
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  REQUIRE_EQ(listen(listener, 1), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  REQUIRE_EQ(connect(ours, reinterpret_cast<sockaddr*>(&address), size), 0);
  const int theirs = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  REQUIRE(theirs >= 0);
  fcntl(ours, F_SETFL, fcntl(ours, F_GETFL) | O_NONBLOCK);
  close(listener);
  return {ours, theirs};
}

// The other end, driven by the test: it never waits.
class Peer {
 public:
  Peer(int fd, ws::Role role) : fd_(fd), role_(role), decoder_({role, 64 << 20, nullptr}) {}
  ~Peer() { end(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  Events events;         // frames that came
  std::string received;  // bytes that came, where `raw` is set
  bool raw = false;
  bool reads = true;
  bool sawEnd = false;  // FIN; with TLS, after a close_notify
  bool truncated = false;
  int error = 0;
  std::function<void(ws::Opcode, std::string_view)> onMessage;

  int fd() const { return fd_; }
  SSL* ssl() const { return ssl_; }
  void secured(SSL* ssl) { ssl_ = ssl; }

  // Queues the bytes and writes what goes; pump() does the rest.
  void write(std::string_view bytes) {
    out_.append(bytes);
    flush();
  }
  void write(const Octets& bytes) {
    write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  // A frame as it has to be for the other side.
  void frame(const Frame& frame) {
    write(wire(role_ == ws::Role::server ? ws::Role::client : ws::Role::server, frame));
  }
  void text(std::string_view payload) { frame({0x81, std::string(payload)}); }
  size_t unwritten() const { return out_.size() - written_; }

  void pump() {
    flush();
    if (!reads || fd_ < 0) return;
    char buffer[64 * 1024];
    while (!sawEnd && error == 0) {
      const ssize_t size = take(buffer, sizeof buffer);
      if (size > 0) {
        decode({buffer, static_cast<size_t>(size)});
      } else {
        break;
      }
    }
  }
  void decode(std::string_view bytes) {
    if (raw) {
      received.append(bytes);
      return;
    }
    ExactCopy copy(bytes);
    PeerSink peerSink{*this};
    if (const Failure* failure = decoder_.feed(copy.data(), copy.size(), peerSink)) {
      events.push_back(failureEvent(*failure));
    }
  }

  void halfClose() {
    // OpenSSL takes a second call for the wish to read the other side's close_notify.
    if (std::exchange(halfClosed_, true)) return;
    if (ssl_ != nullptr) SSL_shutdown(ssl_);
    shutdown(fd_, SHUT_WR);
  }
  // FIN, or a reset where bytes were left unread.
  void end() {
    if (ssl_ != nullptr) SSL_free(std::exchange(ssl_, nullptr));
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  // TCP only.
  void reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    end();
  }

 private:
  struct PeerSink {
    Peer& peer;
    void message(Opcode opcode, const uint8_t* data, size_t size) {
      if (peer.onMessage) {
        return peer.onMessage(opcode, {reinterpret_cast<const char*>(data), size});
      }
      const std::string name = opcode == Opcode::text ? "text " : "binary ";
      peer.events.push_back(name +
                            (size <= 200 ? toString(data, size) : std::to_string(size) + " bytes"));
    }
    void message(Opcode opcode, Bytes&& data) {
      const Bytes own = std::move(data);
      message(opcode, own.data(), own.size());
    }
    void ping(const uint8_t* data, size_t size) {
      peer.events.push_back("ping " + toString(data, size));
    }
    void pong(const uint8_t* data, size_t size) {
      peer.events.push_back("pong " + toString(data, size));
    }
    void close(uint16_t code, const uint8_t* reason, size_t size) {
      std::string text = "close " + std::to_string(code);
      if (size > 0) text += " " + toString(reason, size);
      peer.events.push_back(text);
    }
  };

  ssize_t take(char* buffer, size_t size) {
    if (ssl_ != nullptr) {
      ERR_clear_error();
      const int result = SSL_read(ssl_, buffer, static_cast<int>(size));
      if (result > 0) return result;
      const int why = SSL_get_error(ssl_, result);
      if (why == SSL_ERROR_ZERO_RETURN) sawEnd = true;
      if (why == SSL_ERROR_SSL || why == SSL_ERROR_SYSCALL) sawEnd = truncated = true;
      return -1;
    }
    const ssize_t result = recv(fd_, buffer, size, 0);
    if (result == 0) sawEnd = true;
    if (result < 0 && errno != EAGAIN) error = errno;
    return result;
  }
  void flush() {
    while (unwritten() > 0 && fd_ >= 0) {
      const char* const from = out_.data() + written_;
      ssize_t size;
      if (ssl_ != nullptr) {
        ERR_clear_error();
        size = SSL_write(ssl_, from, static_cast<int>(unwritten()));
      } else {
        size = send(fd_, from, unwritten(), MSG_NOSIGNAL);
      }
      if (size <= 0) return;
      written_ += static_cast<size_t>(size);
    }
    out_.clear();
    written_ = 0;
  }

  int fd_;
  SSL* ssl_ = nullptr;
  const ws::Role role_;
  FrameDecoder decoder_;
  std::string out_;
  size_t written_ = 0;  // of those
  bool halfClosed_ = false;
};

// A certificate of our own making, and a context for each side that uses it.
class TlsFixture {
 public:
  static TlsFixture& instance() {
    static TlsFixture fixture;
    return fixture;
  }

  SSL_CTX* client() { return client_; }
  SSL_CTX* server() { return server_; }

 private:
  TlsFixture() : client_(make(TLS_client_method())), server_(make(TLS_server_method())) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(server_, certificate);
    SSL_CTX_use_PrivateKey(server_, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~TlsFixture() {
    SSL_CTX_free(client_);
    SSL_CTX_free(server_);
  }
  // As native/core/lws/tls_context.cc sets it.
  static SSL_CTX* make(const SSL_METHOD* method) {
    SSL_CTX* context = SSL_CTX_new(method);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_info_callback(
        context, [](const SSL* ssl, int where, int) { bio::Socket::note(ssl, where); });
    return context;
  }

  SSL_CTX* const client_;
  SSL_CTX* const server_;
};

// Shakes hands over a pair of sockets and returns our end; `ourRole` says which side we are.
inline SSL* secure(int ours, Peer& peer, ws::Role ourRole) {
  TlsFixture& fixture = TlsFixture::instance();
  SSL* client = SSL_new(fixture.client());
  SSL* server = SSL_new(fixture.server());
  SSL* const mine = ourRole == ws::Role::client ? client : server;
  SSL* const theirs = ourRole == ws::Role::client ? server : client;
  SSL_set_fd(mine, ours);
  REQUIRE(bio::Socket::place(mine));
  SSL_set_fd(theirs, peer.fd());
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  for (int i = 0; i < 20; i++) {
    if (SSL_do_handshake(client) == 1 && SSL_do_handshake(server) == 1) break;
    SSL_do_handshake(server);
  }
  REQUIRE(SSL_is_init_finished(client) == 1);
  REQUIRE(SSL_is_init_finished(server) == 1);
  peer.secured(theirs);
  return mine;
}

}  // namespace lwspool::test

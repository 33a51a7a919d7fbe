#include "sockets.h"

#include <netinet/tcp.h>

namespace lwspool::test {

SocketPair unixPair() {
  int ends[2];
  REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  return {ends[0], ends[1]};
}

SocketPair tcpPair(int bufferSize) {
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
  // What the peer writes leaves at once: a reset drops what Nagle's algorithm keeps.
  const int on = 1;
  setsockopt(theirs, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(ours, F_SETFL, fcntl(ours, F_GETFL) | O_NONBLOCK);
  close(listener);
  return {ours, theirs};
}

void Peer::write(std::string_view bytes) {
  out_.append(bytes);
  flush();
}

void Peer::write(const Octets& bytes) {
  write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void Peer::frame(const Frame& frame) {
  write(wire(role_ == ws::Role::server ? ws::Role::client : ws::Role::server, frame));
}

void Peer::pump() {
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

void Peer::decode(std::string_view bytes) {
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

void Peer::halfClose() {
  // OpenSSL takes a second call for the wish to read the other side's close_notify.
  if (std::exchange(halfClosed_, true)) return;
  if (ssl_ != nullptr) SSL_shutdown(ssl_);
  shutdown(fd_, SHUT_WR);
}

void Peer::end() {
  if (ssl_ != nullptr) SSL_free(std::exchange(ssl_, nullptr));
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void Peer::reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  end();
}

ssize_t Peer::take(char* buffer, size_t size) {
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

void Peer::flush() {
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

TlsFixture& TlsFixture::instance() {
  static TlsFixture fixture;
  return fixture;
}

TlsFixture::TlsFixture() : client_(make(TLS_client_method())), server_(make(TLS_server_method())) {
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

TlsFixture::~TlsFixture() {
  SSL_CTX_free(client_);
  SSL_CTX_free(server_);
}

SSL_CTX* TlsFixture::make(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_info_callback(context,
                            [](const SSL* ssl, int where, int) { bio::Socket::note(ssl, where); });
  return context;
}

SSL* secure(int ours, Peer& peer, ws::Role ourRole) {
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

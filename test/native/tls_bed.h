// Two ends of TLS for the tests of what a lease reads and does: certificates with a chain, and
// handshakes over a pair of sockets that a test shapes as it likes.
#pragma once

#include <openssl/x509v3.h>

#include <csignal>

#include "../../native/core/io/transport.h"
#include "sockets.h"

namespace lwspool::test {

// A certificate and its key.
struct Identity {
  X509* certificate;
  EVP_PKEY* key;

  Identity(const char* name, const Identity* issuer, bool authority)
      : certificate(X509_new()), key(EVP_EC_gen("P-256")) {
    X509_set_version(certificate, 2);
    static long serial = 0;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(certificate,
                         issuer != nullptr ? X509_get_subject_name(issuer->certificate) : subject);
    X509_EXTENSION* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints,
                            authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, issuer != nullptr ? issuer->key : key, EVP_sha256());
  }
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  std::string der() const {
    unsigned char* data = nullptr;
    const int size = i2d_X509(certificate, &data);
    std::string copy(reinterpret_cast<char*>(data), static_cast<size_t>(size));
    OPENSSL_free(data);
    return copy;
  }
};

struct Authority {
  Identity root{"root", nullptr, true};
  Identity middle{"middle", &root, true};
  Identity leaf{"leaf", &middle, false};

  static Authority& instance() {
    static Authority authority;
    return authority;
  }
};

// The contexts of both sides, and at any time one connection between them.
class TlsEnds {
 public:
  explicit TlsEnds(int version = TLS1_3_VERSION)
      : clients(make(TLS_client_method(), version)), servers(make(TLS_server_method(), version)) {
    std::signal(SIGPIPE, SIG_IGN);  // as Node does
    Authority& authority = Authority::instance();
    SSL_CTX_use_certificate(servers, authority.leaf.certificate);
    SSL_CTX_use_PrivateKey(servers, authority.leaf.key);
    SSL_CTX_add1_chain_cert(servers, authority.middle.certificate);
    SSL_CTX_set_verify(clients, SSL_VERIFY_PEER, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(clients), authority.root.certificate);
  }
  ~TlsEnds() {
    disconnect();
    SSL_CTX_free(clients);
    SSL_CTX_free(servers);
  }
  TlsEnds(const TlsEnds&) = delete;
  TlsEnds& operator=(const TlsEnds&) = delete;

  SSL_CTX* const clients;
  SSL_CTX* const servers;
  SSL* client = nullptr;
  SSL* server = nullptr;
  SocketPair sockets{-1, -1};  // the client's is ours
  int keyUpdates = 0;          // that came to the server

  // Shakes hands anew; `prepare` has its way with the client before that.
  void connect(const std::function<void(SSL*)>& prepare = nullptr, SocketPair over = unixPair()) {
    disconnect();
    sockets = over;
    client = SSL_new(clients);
    server = SSL_new(servers);
    SSL_set_fd(client, sockets.ours);
    REQUIRE(bio::Socket::place(client));
    SSL_set_fd(server, sockets.theirs);
    SSL_set_msg_callback(server, countKeyUpdates);
    SSL_set_msg_callback_arg(server, &keyUpdates);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    if (prepare) prepare(client);
    for (int i = 0; i < 20; i++) {
      ERR_clear_error();
      if (SSL_do_handshake(client) == 1 && SSL_do_handshake(server) == 1) break;
      SSL_do_handshake(server);
    }
    REQUIRE(SSL_is_init_finished(client) == 1);
    REQUIRE(SSL_is_init_finished(server) == 1);
  }
  void disconnect() {
    for (SSL** ssl : {&client, &server}) {
      // Closed without close_notify, a session would not be resumed.
      if (*ssl != nullptr) SSL_set_shutdown(*ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
      SSL_free(std::exchange(*ssl, nullptr));
    }
    for (int* fd : {&sockets.ours, &sockets.theirs}) {
      if (*fd >= 0) ::close(std::exchange(*fd, -1));
    }
  }

  // All that can be read without waiting; "|" where the other side has ended.
  static std::string read(SSL* ssl) {
    std::string all;
    uint8_t buffer[64 * 1024];
    for (;;) {
      const IoResult result = receive(-1, ssl, buffer, sizeof buffer);
      if (result.status == IoResult::Status::ended) return all + "|";
      if (result.status == IoResult::Status::broken) return all + "!";
      if (result.status != IoResult::Status::done) return all;
      all.append(reinterpret_cast<const char*>(buffer), result.bytes);
    }
  }
  static IoResult write(SSL* ssl, std::string_view bytes) {
    return transmit(-1, ssl, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  // Writes until the kernel takes no more; the last `bytes` are half written, and wait.
  static size_t fill(SSL* ssl, std::string_view bytes) {
    size_t taken = 0;
    for (;;) {
      const IoResult result = write(ssl, bytes);
      if (result.status == IoResult::Status::again) return taken;
      REQUIRE(result.status == IoResult::Status::done);
      taken += result.bytes;
    }
  }

 private:
  // As native/core/lws/tls_context.cc sets it.
  static SSL_CTX* make(const SSL_METHOD* method, int version) {
    SSL_CTX* const context = SSL_CTX_new(method);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_info_callback(
        context, [](const SSL* ssl, int where, int) { bio::Socket::note(ssl, where); });
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    return context;
  }
  static void countKeyUpdates(int sent, int, int type, const void* data, size_t size, SSL*,
                              void* count) {
    if (sent == 0 && type == SSL3_RT_HANDSHAKE && size > 0 &&
        *static_cast<const uint8_t*>(data) == SSL3_MT_KEY_UPDATE) {
      ++*static_cast<int*>(count);
    }
  }
};

// A descriptor that takes nothing.
class FullSocket {
 public:
  FullSocket() : pair_(unixPair()) {
    const char bytes[1024] = {};
    while (send(pair_.ours, bytes, sizeof bytes, MSG_NOSIGNAL) > 0) {
    }
    while (send(pair_.ours, bytes, 1, MSG_NOSIGNAL) > 0) {
    }
  }
  ~FullSocket() {
    close(pair_.ours);
    close(pair_.theirs);
  }
  FullSocket(const FullSocket&) = delete;
  FullSocket& operator=(const FullSocket&) = delete;
  int fd() const { return pair_.ours; }

 private:
  const SocketPair pair_;
};

}  // namespace lwspool::test

// The target's side of LwsConnector: connections that come in. The sockets that listen are ours,
// since libwebsockets tells nobody the descriptors of its own; what they take in becomes
// libwebsockets'.
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "lws_connector.h"
#include "socket_address.h"
#include "tls_context.h"

namespace lwspool {

namespace {

// Of those that wait to be taken in: as many as the kernel allows (net.core.somaxconn).
constexpr int kBacklog = 65'535;
// So many are taken in before others have their turn again.
constexpr int kAtOnce = 64;

// The descriptor, or -1.
int listeningSocket(const char* address, uint16_t port) {
  const SocketAddress at = SocketAddress::numeric(address, port);
  const int fd = socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, at.get(), at.size()) == 0 && listen(fd, kBacklog) == 0) return fd;
  close(fd);
  return -1;
}

// 0: none.
uint16_t portOf(int fd) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) != 0) return 0;
  return ntohs(own.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(own).sin6_port
                                         : reinterpret_cast<sockaddr_in&>(own).sin_port);
}

}  // namespace

lws_vhost* LwsContext::serverVhost(const TlsContext* tls, uint32_t number) {
  lws_context_creation_info info;
  std::memset(&info, 0, sizeof info);
  info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
  info.options = kBase | LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG;
  if (tls != nullptr) {
    // The certificate comes with LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS.
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
    info.alpn = "http/1.1";
  }
  listening_ = tls;
  lws_vhost* vhost = makeVhost(info, ("server-" + std::to_string(number)).c_str());
  listening_ = nullptr;
  return vhost;
}

int LwsContext::configureServer(SSL_CTX* server) {
  if (listening_ == nullptr) return -1;
  SSL_CTX* from = listening_->get();
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(from, &chain);
  SSL_CTX_clear_mode(server, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_mode(server, SSL_CTX_get_mode(from));
  SSL_CTX_set_options(server, SSL_CTX_get_options(from));
  SSL_CTX_set_read_ahead(server, 1);
  SSL_CTX_set_min_proto_version(server, static_cast<int>(SSL_CTX_get_min_proto_version(from)));
  SSL_CTX_set_max_proto_version(server, static_cast<int>(SSL_CTX_get_max_proto_version(from)));
  listening_->applyAlgorithms(server);
  observeHandshakes(server);
  const bool taken = SSL_CTX_use_certificate(server, SSL_CTX_get0_certificate(from)) == 1 &&
                     SSL_CTX_use_PrivateKey(server, SSL_CTX_get0_privatekey(from)) == 1 &&
                     (chain == nullptr || SSL_CTX_set1_chain(server, chain) == 1);
  return taken ? 0 : -1;
}

int LwsConnector::listen(std::shared_ptr<const Endpoint> endpoint, const char* address, int port,
                         EventSink& sink) {
  const auto number = static_cast<uint32_t>(listeners_.size());
  const int fd = listeningSocket(address, static_cast<uint16_t>(port));
  if (fd < 0) return -1;
  lws_vhost* const vhost = context_->serverVhost(endpoint->tls.get(), number);
  if (vhost == nullptr || service_.watchListener(fd, number, true) != 0) {
    ::close(fd);
    return -1;
  }
  listeners_.push_back({fd, vhost, std::move(endpoint), &sink});
  return portOf(fd);
}

void LwsConnector::arrivals(uint32_t number) {
  const Listener& listener = listeners_[number];
  int result = 0;
  for (int i = 0; i < kAtOnce && result >= 0; i++) {
    result = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (result < 0) break;
    const int on = 1;
    setsockopt(result, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    adopt(listener, result);
  }
  if (result >= 0 || errno != EAGAIN) service_.watchListener(listener.fd, number, false);
}

// libwebsockets takes it in as it is: its HTTP request is ours to read.
void LwsConnector::adopt(const Listener& listener, int fd) {
  lws_sock_file_fd_type descriptor;
  descriptor.sockfd = fd;
  const auto how = static_cast<lws_adoption_type>(
      LWS_ADOPT_SOCKET | (listener.endpoint->tls ? LWS_ADOPT_ALLOW_SSL : 0));
  adopting_ = &listener;
  adopted_ = nullptr;
  // Closes it where that fails.
  lws_adopt_descriptor_vhost(listener.vhost, how, descriptor, "lws-pool", nullptr);
  adopting_ = nullptr;
  if (adopted_ != nullptr && adopted_->opening->stands) takeOver(*adopted_, false);
}

// LWS_CALLBACK_RAW_ADOPT.
int LwsConnector::incoming(lws* wsi) {
  if (adopting_ == nullptr) return -1;
  Connection* const connection = service_.adopt(adopting_->endpoint, *adopting_->sink);
  if (connection == nullptr) return -1;
  Opening& opening = *connection->opening;
  connection->setWsi(wsi);
  opening.reached = Reached::tcp;
  lws_set_opaque_user_data(wsi, connection);
  adopted_ = connection;
  if (service_.watch(*connection, lws_get_socket_fd(wsi)) != 0) return -1;
  const SSL* const ssl = lws_get_ssl(wsi);
  opening.stands = ssl == nullptr || SSL_is_init_finished(ssl);
  if (opening.stands) return 0;
  incoming_.push_back(connection);
  opening.deadline = Service::now() + connection->endpoint()->timeout;
  service_.arm(*connection, opening.deadline);
  return 0;
}

bool LwsConnector::handshakeDone(SSL* ssl) {
  for (size_t i = 0; i < incoming_.size(); i++) {
    Connection* connection = incoming_[i];
    if (lws_get_ssl(connection->wsi()) != ssl) continue;
    incoming_[i] = incoming_.back();
    incoming_.pop_back();
    connection->opening->stands = true;
    return true;
  }
  return false;
}

}  // namespace lwspool

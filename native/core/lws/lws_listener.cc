// The target's side of LwsOpener: connections that come in.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

#include "lws_opener.h"
#include "tls_context.h"

namespace lwspool {

lws_vhost* LwsContext::listen(const char* address, int port, const TlsContext* tls) {
  lws_context_creation_info info;
  std::memset(&info, 0, sizeof info);
  info.port = port;
  info.iface = address;
  // Every connection is taken in as it is: its HTTP request is ours to read.
  info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG;
  // With IPv6 on, libwebsockets takes an IPv4 address for none at all, and listens everywhere.
  in_addr v4;
  if (inet_pton(AF_INET, address, &v4) == 1) info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
  info.listen_accept_role = "raw-skt";
  info.listen_accept_protocol = "lws-pool";
  if (tls != nullptr) {
    // The certificate comes with LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS.
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
    info.alpn = "http/1.1";
  }
  table_.showAll();
  listening_ = tls;
  lws_vhost* vhost = makeVhost(info, ("listen-" + std::to_string(port)).c_str());
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
  observeHandshakes(server);
  const bool taken = SSL_CTX_use_certificate(server, SSL_CTX_get0_certificate(from)) == 1 &&
                     SSL_CTX_use_PrivateKey(server, SSL_CTX_get0_privatekey(from)) == 1 &&
                     (chain == nullptr || SSL_CTX_set1_chain(server, chain) == 1);
  return taken ? 0 : -1;
}

int LwsOpener::listen(std::shared_ptr<const Endpoint> endpoint, const char* address, int port,
                      Consumer& consumer) {
  lws_vhost* vhost = context_.listen(address, port, endpoint->tls.get());
  touched_ = true;
  if (vhost == nullptr) return -1;
  listeners_.push_back({vhost, std::move(endpoint), &consumer});
  const int taken = lws_get_vhost_listen_port(vhost);
  return taken > 0 ? taken : -1;  // an address that is not this machine's leaves it at 0
}

int LwsOpener::incoming(lws* wsi) {
  const lws_vhost* vhost = lws_get_vhost(wsi);
  for (const Listener& listener : listeners_) {
    if (listener.vhost != vhost) continue;
    Connection* connection = service_.adopt(listener.endpoint, *listener.consumer);
    if (connection == nullptr) return -1;
    connection->wsi = wsi;
    connection->opening->reached = Reached::tcp;
    lws_set_opaque_user_data(wsi, connection);
    const SSL* ssl = lws_get_ssl(wsi);
    if (ssl == nullptr || SSL_is_init_finished(ssl)) {
      ready(*connection);
    } else {
      incoming_.push_back(connection);
      connection->opening->deadline = service_.now() + connection->endpoint->timeout;
      service_.arm(*connection, connection->opening->deadline);
    }
    return 0;
  }
  return -1;
}

void LwsOpener::handshakeDone(SSL* ssl) {
  for (size_t i = 0; i < incoming_.size(); i++) {
    Connection* connection = incoming_[i];
    if (lws_get_ssl(connection->wsi) != ssl) continue;
    incoming_[i] = incoming_.back();
    incoming_.pop_back();
    return ready(*connection);
  }
}

}  // namespace lwspool

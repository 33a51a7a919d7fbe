#include "lws_connector.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "../base/barrier.h"
#include "../base/errno_name.h"
#include "../bio/chain.h"
#include "../bio/socket.h"
#include "../io/transport.h"
#include "../net/flight_note.h"
#include "../ws/handshake.h"
#include "diagnosis.h"
#include "tls_context.h"

namespace lwspool {

namespace {

const lws_retry_bo_t kNoRetries{};  // and no pings, no hang-ups

// The attempt on this address has failed: that call, with that errno.
void unconnected(Connection& connection, const char* call, int error) {
  Opening& opening = *connection.opening;
  noteError(connection, error, 0, -1);
  opening.mayTryNext = true;
  opening.error.fields.set("syscall", call);
  if (error != 0) opening.error.fields.set("errno", errnoName(error));
  switch (error) {
    case 0:  // it stood each time, and was gone before libwebsockets looked
      opening.error.code = "ERR_CONNECTION_RESET";
      break;
    case ECONNREFUSED:
    case ENOENT:  // of a Unix socket
      opening.error.code = "ERR_CONNECTION_REFUSED";
      break;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
      opening.error.code = "ERR_UNREACHABLE";
      break;
    case EMFILE:
    case ENFILE:
      opening.error.code = "ERR_TOO_MANY_FILES";
      break;
    case EADDRNOTAVAIL:
      opening.error.code =
          std::strcmp(call, "bind") == 0 ? "ERR_LOCAL_ADDRESS" : "ERR_LOCAL_PORTS_EXHAUSTED";
      break;
    case EADDRINUSE:  // bind(2) found no free port
      opening.error.code = "ERR_LOCAL_PORTS_EXHAUSTED";
      break;
    case ECONNRESET:
      opening.error.code = "ERR_CONNECTION_RESET";
      break;
    default:
      opening.error.code = "ERR_SOCKET";
  }
}

}  // namespace

LwsConnector::LwsConnector(Service& service) : service_(service) {
  context_.emplace(onEvent, this);
  TlsObservers::add(*this);
}

LwsConnector::~LwsConnector() {
  destroy();
  TlsObservers::remove(*this);
}

// --- attempts ------------------------------------------------------------------------------------

void LwsConnector::start(Connection& connection) {
  const Endpoint& endpoint = *connection.endpoint();
  Opening& opening = *connection.opening;
  lws_vhost* vhost = context_->clientVhost(endpoint.tls != nullptr);
  if (vhost == nullptr) {
    opening.error.code = "ERR_SYSTEM";
    opening.error.fields.set("reason", "libwebsockets could not make a vhost");
    return service_.handshakes().attemptOver(connection);
  }
  const std::string address = endpoint.unixPath.empty() ? opening.address : "+" + endpoint.unixPath;
  lws_client_connect_info info;
  std::memset(&info, 0, sizeof info);
  info.context = context_->get();
  info.vhost = vhost;
  info.address = address.c_str();
  info.port = endpoint.port;
  info.host = "lws-pool";  // prepare() in tls_handshake.cc and writeHead() put the real one
  info.path = "/";
  // Its raw role cannot do TLS, and its HTTP client is slow: see docs/threading.md.
  info.method = endpoint.tls ? "GET" : "RAW";
  info.alpn = "http/1.1";
  info.local_protocol_name = "lws-pool";
  info.iface = opening.localAddress.empty() ? nullptr : opening.localAddress.c_str();
  info.retry_and_idle_policy = &kNoRetries;
  info.opaque_user_data = &connection;
  info.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT;
  if (endpoint.tls) {
    info.ssl_connection |= LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
    attempts_.push_back(&connection);
  }
  opening.key = endpoint.kind == Kind::ws ? ws::makeKey(random_) : std::string();
  opening.reached = Reached::nothing;
  starting_ = &connection;
  // Where the kernel refuses at once, it is gone again.
  connection.setWsi(lws_client_connect_via_info(&info));
  starting_ = nullptr;
  if (connection.wsi() == nullptr) return refused(connection);
  if (const int error = service_.watch(connection, lws_get_socket_fd(connection.wsi()))) {
    service_.describePollError(error, opening.error);
    return kill(connection);
  }
  proceed(connection, false);
}

void LwsConnector::abandon(Connection& connection) {
  if (connected(connection)) noteSocket(connection);
  kill(connection);
}

bool LwsConnector::connected(const Connection& connection) const {
  return connection.opening->reached != Reached::nothing;
}

// The attempt has failed, and libwebsockets has let go of it.
void LwsConnector::over(Connection& connection) {
  std::erase(attempts_, &connection);
  Opening& opening = *connection.opening;
  if (!opening.cancelled && !opening.error) {
    // Where TCP did not stand yet, it was reset between our look at it and libwebsockets'.
    opening.error.code = "ERR_CONNECTION_RESET";
    opening.mayTryNext = opening.reached == Reached::nothing;
  }
  service_.handshakes().attemptOver(connection);
}

// The call that was to begin the attempt has ended it.
void LwsConnector::refused(Connection& connection) {
  Opening& opening = *connection.opening;
  if (opening.error || opening.reached != Reached::nothing) return over(connection);
  const Diagnosis found = diagnose(connection);
  if (found.error == 0 && !std::exchange(opening.repeated, true)) {
    std::erase(attempts_, &connection);
    return start(connection);
  }
  unconnected(connection, found.call, found.error);
  over(connection);
}

// --- libwebsockets' events -----------------------------------------------------------------------

int LwsConnector::onEvent(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                          size_t size) {
  return Barrier::guard(-1, [&] { return onAnyEvent(wsi, reason, user, in, size); });
}

int LwsConnector::onAnyEvent(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                             size_t size) {
  auto* connector = static_cast<LwsConnector*>(lws_context_user(lws_get_context(wsi)));
  // Before there is a context to speak of.
  if (connector == nullptr || !connector->context_) return 0;
  if (reason == LWS_CALLBACK_RAW_CLOSE) connector->context_->table().hide();
  if (reason == LWS_CALLBACK_WSI_DESTROY) connector->context_->table().show();
  if (connector->destroying_) return 0;
  if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
    return connector->context_->configureServer(static_cast<SSL_CTX*>(user));
  }
  auto* connection = static_cast<Connection*>(lws_get_opaque_user_data(wsi));
  if (connection == nullptr) {
    return reason == LWS_CALLBACK_RAW_ADOPT ? connector->incoming(wsi) : 0;
  }
  // Unix sockets connect at once: events come before the call that makes the wsi returns it.
  if (connector->starting_ == connection && connection->wsi() == nullptr) connection->setWsi(wsi);
  // An event of an attempt that was given up long ago.
  if (connection->wsi() != wsi) return 0;
  return connector->event(wsi, reason, *connection, in, size);
}

int LwsConnector::event(lws* wsi, lws_callback_reasons reason, Connection& connection, void* in,
                        size_t size) {
  Opening* opening = connection.opening.get();
  note(connection, Flight::callback, static_cast<uint32_t>(reason), static_cast<uint32_t>(size));
  switch (reason) {
    case LWS_CALLBACK_WSI_CREATE:
      if (opening != nullptr) opening->reached = Reached::tcp;
      connection.reached(&ConnectionFigures::connected);
      note(connection, Flight::connected);
      return 0;
    case LWS_CALLBACK_RAW_CONNECTED:
      opening->stands = true;
      return 0;
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
      opening->reached = Reached::request;
      opening->stands = true;
      connection.reached(&ConnectionFigures::secured);
      // Behind the request it would wait for the answer, unless there is a body.
      lws_client_http_body_pending(wsi, 1);
      return writeHead(connection, static_cast<char**>(in), size);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
      if (opening != nullptr) {
        if (opening->reached != Reached::nothing) noteSocket(connection);
        explain(connection, {static_cast<const char*>(in), in != nullptr ? size : 0});
      }
      return 0;
    case LWS_CALLBACK_WSI_DESTROY:
      connection.setWsi(nullptr);
      if (starting_ != nullptr) return 0;  // start() sees to it
      if (adopted_ == &connection) adopted_ = nullptr;
      if (connection.phase() == Phase::dying) {
        service_.destroyed(connection);
      } else if (opening != nullptr) {
        service_.disconnect(connection, true);
        std::erase(incoming_, &connection);
        if (connection.endpoint()->role == ws::Role::client) {
          over(connection);
        } else {
          service_.failed(connection);  // it went in the middle of its TLS handshake
        }
      }
      return 0;
    default:
      return 0;
  }
}

// libwebsockets has written a request of its own making, up to its last header. It knows neither
// long paths and hosts nor the order and the fields we want, so the whole of it is written anew in
// the same place. lws_generate_client_handshake() gives what is left of its buffer less 12 bytes.
int LwsConnector::writeHead(Connection& connection, char** end, size_t room) {
  static constexpr std::string_view kBegin = "GET / HTTP/1.1\r\n";
  char* const begin = *end + room + 12 - LwsContext::kServiceBuffer;
  Opening& opening = *connection.opening;
  const std::string request = ws::makeRequest(connection.endpoint()->requestHead, opening.key);
  if (std::string_view(begin, kBegin.size()) != kBegin ||
      request.size() + 128 > LwsContext::kServiceBuffer) {
    opening.error.code = "ERR_SYSTEM";
    opening.error.fields.set("reason", "libwebsockets lays out its request in an unknown way");
    return -1;
  }
  // libwebsockets adds the blank line, and sends it.
  *end = std::copy(request.begin(), request.end(), begin);
  return 0;
}

// What the kernel says of a connection that does not get any further.
void LwsConnector::noteSocket(Connection& connection) {
  if (connection.wsi() == nullptr) return;
  noteError(connection, 0, 0, lws_get_socket_fd(connection.wsi()));
}

// What libwebsockets says of a failure, as far as OpenSSL's callbacks have not said it better.
void LwsConnector::explain(Connection& connection, std::string_view what) {
  Opening& opening = *connection.opening;
  if (opening.error || opening.cancelled || opening.reached == Reached::nothing) return;
  if (connection.wsi() != nullptr) noteFault(connection, lws_get_ssl(connection.wsi()));
  if (opening.error) return;
  opening.error.code = "ERR_CONNECTION_RESET";
  opening.error.fields.set("reason", what);
}

// --- handing over, and taking back ---------------------------------------------------------------

void LwsConnector::serve(Connection& connection, const Poller::Ready& ready) {
  if (connection.opening->reached == Reached::nothing) {
    if (ready.broken && failed(connection)) return;
    // What is to be read is read once it stands.
    if (ready.writable) run(connection, false, true, ready.readable);
  } else if (!connection.opening->putOff) {  // else the clock says when
    run(connection, ready.readable || ready.broken, ready.writable, false);
  }
}

// Whether the kernel has refused, and why, which libwebsockets would keep to itself.
bool LwsConnector::failed(Connection& connection) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(connection.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  sockaddr_storage peer;
  size = sizeof peer;
  // A Unix socket whose server has no room for another is told so by the call that is to begin it,
  // which libwebsockets takes for one that goes on.
  if (error == 0 && getpeername(connection.fd(), reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    error = EAGAIN;
  }
  if (error == 0) return false;
  unconnected(connection, "connect", error);
  service_.disconnect(connection);
  kill(connection);
  return true;
}

// Has libwebsockets do what there is to do. `more`: as in Service::connected().
void LwsConnector::run(Connection& connection, bool readable, bool writable, bool more) {
  context_->serve(connection.fd(), readable, writable);
  if (connection.wsi() != nullptr) proceed(connection, more);
}

// libwebsockets has returned, and has the connection still.
void LwsConnector::proceed(Connection& connection, bool more) {
  Opening& opening = *connection.opening;
  if (opening.stands) return takeOver(connection, more);
  // It keeps its timers in a list, which it walks to set another; and time-outs are ours.
  lws_set_timeout(connection.wsi(), NO_PENDING_TIMEOUT, 0);
  const SSL* const ssl = lws_get_ssl(connection.wsi());
  // With close_notify the server has said its last word, and libwebsockets goes on waiting.
  if (ssl != nullptr && (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0) {
    noteFault(connection, ssl);
    if (!opening.error) {
      opening.error.code = "ERR_CONNECTION_RESET";
      opening.error.fields.set("reason", "the peer ended TLS in the handshake");
    }
    return service_.handshakes().abandon(connection);
  }
  const bio::Socket* const socket = bio::Socket::of(ssl);
  if (bio::Chain* const chain = bio::Chain::of(ssl); chain != nullptr && chain->takePutOff()) {
    opening.putOff = true;
    service_.backOffOpening(connection, *chain);
  } else if (socket != nullptr && !socket->drained()) {
    // It was granted no more in one call.
    service_.lookAgain(connection);
  }
}

void LwsConnector::resume(Connection& connection) {
  if (!connection.opening || !std::exchange(connection.opening->putOff, false)) return;
  SSL* const ssl = lws_get_ssl(connection.wsi());
  if (bio::Chain* const chain = bio::Chain::of(ssl)) chain->flush(ssl);
  run(connection, true, true, false);
}

// From here on libwebsockets has neither bytes of the connection nor timers.
void LwsConnector::takeOver(Connection& connection, bool more) {
  lws* wsi = connection.wsi();
  SSL* const ssl = lws_get_ssl(wsi);
  const bool client = connection.endpoint()->role == ws::Role::client;
  const bool requested = client && connection.endpoint()->tls != nullptr;
  // Memory for headers, 5 KB. libwebsockets searches all of it whenever a connection is closed.
  if (requested) (void)lws_http_headers_detach(wsi);
  lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
  releaseBuffers(ssl);
  if (const bio::Socket* const socket = bio::Socket::of(ssl)) more = more || !socket->drained();
  if (bio::Chain* const chain = bio::Chain::of(ssl)) {
    chain->opening = false;
    more = more || chain->readsAhead();
  }
  if (!client) return service_.accepted(connection, connection.fd(), ssl, more);
  service_.connected(connection, connection.fd(), ssl, requested, more);
}

void LwsConnector::established(Connection& connection) { std::erase(attempts_, &connection); }

void LwsConnector::kill(Connection& connection) {
  if (connection.wsi() != nullptr) context_->close(connection.wsi());
}

void LwsConnector::close(Connection& connection) { kill(connection); }

void LwsConnector::destroy() {
  if (!context_) return;
  destroying_ = true;
  // All connections first, so that as little as possible happens while the context goes.
  service_.forEach([this](Connection& connection) { kill(connection); });
  for (const Listener& listener : listeners_) ::close(listener.fd);
  context_.reset();
}

}  // namespace lwspool

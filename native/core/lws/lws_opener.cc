#include "lws_opener.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "../barrier.h"
#include "../bio/chain.h"
#include "../flight/note.h"
#include "../net/transport.h"
#include "../ws/handshake.h"
#include "tls_context.h"

namespace lwspool {

namespace {

const lws_retry_bo_t kNoRetries{};  // and no pings, no hang-ups

void secured(Connection& connection) {
  if (connection.endpoint->tls) connection.reached(&ConnectionFigures::secured);
}

}  // namespace

LwsOpener::LwsOpener(Service& service, uv_loop_t* loop)
    : service_(service),
      loop_(loop),
      context_(loop, onEvent, this),
      diagnosis_(loop, [this](Connection& connection, const char* call, int error) {
        diagnosed(connection, call, error);
      }) {
  observeThisThread(this);
}

LwsOpener::~LwsOpener() { observeThisThread(nullptr); }

// --- attempts ------------------------------------------------------------------------------------

void LwsOpener::start(Connection& connection) {
  const Endpoint& endpoint = *connection.endpoint;
  Opening& opening = *connection.opening;
  lws_vhost* vhost = context_.clientVhost(endpoint.tls != nullptr);
  if (vhost == nullptr) {
    opening.error.code = "ERR_SYSTEM";
    opening.error.fields.set("reason", "libwebsockets could not make a vhost");
    return service_.handshakes().attemptOver(connection);
  }
  const std::string address = endpoint.unixPath.empty() ? opening.address : "+" + endpoint.unixPath;
  lws_client_connect_info info;
  std::memset(&info, 0, sizeof info);
  info.context = context_.get();
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
  }
  opening.key = endpoint.kind == Kind::ws ? ws::makeKey(random_) : std::string();
  opening.reached = Reached::nothing;
  attempts_.push_back(&connection);
  starting_ = &connection;
  lws* wsi = context_.connect(info);
  starting_ = nullptr;
  touched_ = true;
  // Where the kernel refuses at once, it is gone without LWS_CALLBACK_WSI_DESTROY.
  lws* gone = wsi == nullptr ? connection.wsi : nullptr;
  connection.wsi = wsi;
  if (wsi == nullptr) {
    if (gone != nullptr) closeForgottenWatchers(loop_, gone);
    std::erase(timed_, &connection);
    return over(connection);
  }
  timed_.push_back(&connection);
}

void LwsOpener::abandon(Connection& connection) {
  if (connection.opening->diagnosis != nullptr) {
    diagnosis_.cancel(connection);
    return service_.handshakes().attemptOver(connection);
  }
  if (connected(connection)) noteSocket(connection);
  // Its end comes with a later event; it must not be taken over before.
  std::erase(ready_, &connection);
  std::erase(incoming_, &connection);
  kill(connection);
}

bool LwsOpener::connected(const Connection& connection) const {
  if (connection.opening->diagnosis != nullptr) return false;
  return connection.opening->reached != Reached::nothing;
}

// The attempt has failed, and libwebsockets has let go of it.
void LwsOpener::over(Connection& connection) {
  std::erase(attempts_, &connection);
  Opening& opening = *connection.opening;
  if (!opening.cancelled && opening.reached == Reached::nothing && !opening.error) {
    return diagnosis_.begin(connection);
  }
  if (!opening.cancelled && !opening.error) opening.error.code = "ERR_CONNECTION_RESET";
  service_.handshakes().attemptOver(connection);
}

void LwsOpener::diagnosed(Connection& connection, const char* call, int error) {
  Opening& opening = *connection.opening;
  if (error == 0 && !opening.repeated) {
    opening.repeated = true;
    return start(connection);
  }
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
  service_.handshakes().attemptOver(connection);
  service_.host().wake();
}

// --- libwebsockets' events -----------------------------------------------------------------------

int LwsOpener::onEvent(lws* wsi, lws_callback_reasons reason, void* user, void* in, size_t size) {
  return Barrier::guard(-1, [&] { return onAnyEvent(wsi, reason, user, in, size); });
}

int LwsOpener::onAnyEvent(lws* wsi, lws_callback_reasons reason, void* user, void* in,
                          size_t size) {
  auto* opener = static_cast<LwsOpener*>(lws_context_user(lws_get_context(wsi)));
  if (opener == nullptr || opener->destroying_) return 0;
  if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
    return opener->context_.configureServer(static_cast<SSL_CTX*>(user));
  }
  auto* connection = static_cast<Connection*>(lws_get_opaque_user_data(wsi));
  if (connection == nullptr) {
    return reason == LWS_CALLBACK_RAW_ADOPT ? opener->incoming(wsi) : 0;
  }
  // Unix sockets connect at once: events come before the call that makes the wsi returns it.
  if (opener->starting_ == connection && connection->wsi == nullptr) connection->wsi = wsi;
  // An event of an attempt that was given up long ago.
  if (connection->wsi != wsi) return 0;
  return opener->event(wsi, reason, *connection, in, size);
}

int LwsOpener::event(lws* wsi, lws_callback_reasons reason, Connection& connection, void* in,
                     size_t size) {
  Opening* opening = connection.opening.get();
  note(connection, Flight::callback, static_cast<uint32_t>(reason), static_cast<uint32_t>(size));
  switch (reason) {
    case LWS_CALLBACK_WSI_CREATE:
      if (opening != nullptr) opening->reached = Reached::tcp;
      connection.reached(&ConnectionFigures::connected);
      note(connection, Flight::connected);
      return 0;
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
      opening->reached = Reached::request;
      secured(connection);
      timed_.push_back(&connection);
      // Behind the request it goes on waiting for room, and would never stop, unless there is a
      // body: with this it says so once.
      lws_client_http_body_pending(wsi, 1);
      lws_callback_on_writable(wsi);
      return writeHead(connection, static_cast<char**>(in), size);
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
    case LWS_CALLBACK_RAW_CONNECTED:
      if (opening != nullptr && !connection.upgrading()) ready(connection);
      return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
      if (opening != nullptr) {
        if (opening->reached != Reached::nothing) noteSocket(connection);
        explain(connection, {static_cast<const char*>(in), in != nullptr ? size : 0});
      }
      return 0;
    case LWS_CALLBACK_WSI_DESTROY:
      if (opening != nullptr && opening->reached == Reached::nothing) {
        closeForgottenWatchers(loop_, wsi);
      }
      connection.wsi = nullptr;
      std::erase(timed_, &connection);
      std::erase(putOff_, &connection);
      waiting_.erase(&connection);
      if (starting_ != nullptr) return 0;  // start() sees to it
      std::erase(ready_, &connection);
      std::erase(incoming_, &connection);
      if (connection.phase == Phase::dying) {
        service_.destroyed(connection);
      } else if (opening != nullptr && connection.endpoint->role == ws::Role::server) {
        service_.failed(connection);  // it went in the middle of its TLS handshake
      } else if (opening != nullptr) {
        over(connection);
        service_.host().wake();
      }
      return 0;
    default:
      return 0;
  }
}

// libwebsockets has written a request of its own making, up to its last header. It knows neither
// long paths and hosts nor the order and the fields we want, so the whole of it is written anew in
// the same place. lws_generate_client_handshake() gives what is left of its buffer less 12 bytes.
int LwsOpener::writeHead(Connection& connection, char** end, size_t room) {
  static constexpr std::string_view kBegin = "GET / HTTP/1.1\r\n";
  char* const begin = *end + room + 12 - LwsContext::kServiceBuffer;
  Opening& opening = *connection.opening;
  const std::string request = ws::makeRequest(connection.endpoint->requestHead, opening.key);
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
void LwsOpener::noteSocket(Connection& connection) {
  if (connection.wsi == nullptr) return;
  noteError(connection, 0, 0, lws_get_socket_fd(connection.wsi));
}

// What libwebsockets says of a failure, as far as OpenSSL's callbacks have not said it better.
void LwsOpener::explain(Connection& connection, std::string_view what) {
  Opening& opening = *connection.opening;
  if (opening.error || opening.cancelled || opening.reached == Reached::nothing) return;
  if (connection.wsi != nullptr) noteFault(connection, lws_get_ssl(connection.wsi));
  if (opening.error) return;
  opening.error.code = "ERR_CONNECTION_RESET";
  opening.error.fields.set("reason", what);
}

// --- handing over, and taking back ---------------------------------------------------------------

void LwsOpener::turn() {
  while (!ready_.empty()) {
    Connection* connection = ready_.back();
    ready_.pop_back();
    takeOver(*connection);
  }
  for (Connection* connection : putOff_) {
    bio::Chain* const chain = bio::Chain::of(lws_get_ssl(connection->wsi));
    if (chain == nullptr) continue;
    waiting_[connection] = lookAway(loop_, connection->wsi);
    service_.slowOpening(*connection, *chain);
  }
  putOff_.clear();
  for (Connection* connection : timed_) lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
  timed_.clear();
  if (std::exchange(touched_, false)) {
    // libwebsockets sets its timers only after events of its own.
    lws_cancel_service(context_.get());
  }
}

void LwsOpener::resume(Connection& connection) {
  const auto found = waiting_.find(&connection);
  if (found == waiting_.end()) return;
  const LookedAway watcher = found->second;
  waiting_.erase(found);
  if (connection.wsi == nullptr) return;
  lookBack(watcher);
  SSL* const ssl = lws_get_ssl(connection.wsi);
  if (bio::Chain* const chain = bio::Chain::of(ssl)) chain->flush(ssl);
}

// What libwebsockets has to do is done when it has returned from its callback.
void LwsOpener::ready(Connection& connection) {
  ready_.push_back(&connection);
  service_.host().wake();
}

// From here on libwebsockets has neither bytes of the connection, nor timers, nor interest in it.
void LwsOpener::takeOver(Connection& connection) {
  lws* wsi = connection.wsi;
  touched_ = true;
  const bool client = connection.endpoint->role == ws::Role::client;
  const bool requested = client && connection.endpoint->tls != nullptr;
  // Memory for headers, 5 KB. libwebsockets hangs up on whoever keeps it for longer than six
  // minutes, and searches all of it whenever a connection is closed.
  if (requested) (void)lws_http_headers_detach(wsi);
  lws_rx_flow_control(wsi, 0);
  lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
  releaseBuffers(lws_get_ssl(wsi));
  if (bio::Chain* const chain = bio::Chain::of(lws_get_ssl(wsi))) chain->onOwnRetry = nullptr;
  std::erase(putOff_, &connection);
  waiting_.erase(&connection);
  const int fd = lws_get_socket_fd(wsi);
  if (!client) return service_.accepted(connection, fd, lws_get_ssl(wsi));
  service_.connected(connection, fd, lws_get_ssl(wsi), requested);
}

void LwsOpener::established(Connection& connection) { std::erase(attempts_, &connection); }

void LwsOpener::kill(Connection& connection) {
  if (connection.wsi == nullptr) return;
  context_.close(connection.wsi);
  touched_ = true;
}

void LwsOpener::close(Connection& connection) { kill(connection); }

void LwsOpener::destroy(std::function<void()> done) {
  destroying_ = true;
  service_.forEach([this](Connection& connection) {
    if (connection.opening && connection.opening->diagnosis != nullptr) {
      diagnosis_.cancel(connection);
    }
  });
  // All connections first, so that as little as possible happens while the context goes.
  service_.forEach([this](Connection& connection) { kill(connection); });
  context_.destroy(std::move(done));
}

// --- TLS -----------------------------------------------------------------------------------------

// The connection's BIOs, before the first byte.
bool LwsOpener::prepare(Connection& connection, SSL* ssl) {
  const Endpoint& endpoint = *connection.endpoint;
  if (endpoint.bios.empty()) return true;
  bio::Place place;
  place.fd = SSL_get_fd(ssl);
  place.connection = std::to_string(channel_) + "." + std::to_string(connection.id.slot) + "." +
                     std::to_string(connection.id.generation);
  place.number = endpoint.nextBio++;
  const auto refuse = [&](const std::string& reason) {
    ErrorInfo& error = connection.opening->error;
    error.code = "ERR_BIO";
    error.fields.set("reason", reason);
    return false;
  };
  for (const bio::Spec& spec : endpoint.bios) {
    try {
      std::shared_ptr<bio::Layer> layer = spec.kind == bio::Kind::custom && makeBio_
                                              ? makeBio_(spec.module)
                                              : bio::make(spec, place);
      if (layer == nullptr) return refuse("its module is not loaded");
      if (const bio::Refused why = bio::Chain::push(ssl, std::move(layer))) return refuse(why);
    } catch (const bio::Failure& failure) {
      connection.opening->error.fields.set("thrown", failure.thrown);
      return refuse(failure.what());
    } catch (const std::exception& failure) {
      return refuse(failure.what());
    }
  }
  bio::Chain::of(ssl)->onOwnRetry = [this, &connection] {
    if (std::find(putOff_.begin(), putOff_.end(), &connection) != putOff_.end()) return;
    putOff_.push_back(&connection);
    service_.host().wake();
  };
  return true;
}

Connection* LwsOpener::connectionOf(const SSL* ssl) {
  for (Connection* connection : attempts_) {
    if (connection->wsi != nullptr && lws_get_ssl(connection->wsi) == ssl) return connection;
  }
  return nullptr;
}

}  // namespace lwspool

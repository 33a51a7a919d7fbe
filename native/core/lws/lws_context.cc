#include "lws_context.h"

#include <cerrno>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>

#include "../base/errno_name.h"
#include "tls_context.h"

namespace lwspool {

namespace {

// Guards the making of contexts: libwebsockets sets up OpenSSL for the whole process in the first
// one, and doing so again would break the handshakes of the others.
std::mutex creationMutex;
bool initialised = false;  // guarded by creationMutex

// No pings and no hang-ups of libwebsockets' own: it would touch connections behind our back.
constexpr int kNever = 24 * 60 * 60;  // seconds

}  // namespace

LwsContext::LwsContext(lws_callback_function* callback, void* user) {
  std::memset(protocols_, 0, sizeof protocols_);
  protocols_[0].name = "lws-pool";
  protocols_[0].callback = callback;

  lws_context_creation_info info;
  std::memset(&info, 0, sizeof info);
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.options = kBase;
  info.user = user;
  info.pt_serv_buf_size = kServiceBuffer;
  info.timeout_secs = kNever;  // time-outs are ours
  ownLog(info);
  int error;
  {
    std::lock_guard lock(creationMutex);
    if (!initialised) {
      // Of the process: others look at the level while they log.
      lws_set_log_level(0, nullptr);
      info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    }
    errno = 0;
    context_ = lws_create_context(&info);
    error = errno;
    if (context_ != nullptr) initialised = true;
  }
  if (context_ == nullptr) {
    throw std::runtime_error(std::string("libwebsockets could not make a context") +
                             (error != 0 ? ": " : "") + (error != 0 ? errnoName(error) : ""));
  }
  table_.found(context_);
}

LwsContext::~LwsContext() { lws_context_destroy(context_); }

// From 4.3 on everything that libwebsockets makes counts in a log context. That of the process,
// which is what it takes by default, is counted by several threads without a lock, and aborts the
// process when that has gone wrong.
void LwsContext::ownLog([[maybe_unused]] lws_context_creation_info& info) {
#if LWS_LIBRARY_VERSION_NUMBER >= 4003000
  info.log_cx = &log_;
#endif
}

lws_vhost* LwsContext::makeVhost(lws_context_creation_info& info, const char* name) {
  info.vhost_name = name;
  info.protocols = protocols_;
  info.timeout_secs = kNever;
  info.connect_timeout_secs = kNever;
  info.http_proxy_address = "";  // not from the environment
  ownLog(info);
  return lws_create_vhost(context_, &info);
}

lws_vhost* LwsContext::clientVhost(bool tls) {
  lws_vhost*& vhost = tls ? tls_ : plain_;
  if (vhost != nullptr) return vhost;
  lws_context_creation_info info;
  std::memset(&info, 0, sizeof info);
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.options = kBase;
  if (tls) {
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;  // here: this vhost does TLS
    info.provided_client_ssl_ctx = TlsContext::carrier();
  }
  vhost = makeVhost(info, tls ? "client-tls" : "client");
  return vhost;
}

void LwsContext::serve(int fd, bool readable, bool writable) {
  lws_pollfd ready;
  ready.fd = fd;
  ready.events = LWS_POLLIN | LWS_POLLOUT;
  ready.revents = static_cast<short>((readable ? LWS_POLLIN : 0) | (writable ? LWS_POLLOUT : 0));
  lws_service_fd(context_, &ready);
}

void LwsContext::close(lws* wsi) {
  lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

}  // namespace lwspool

#include "lws_context.h"

#include <dlfcn.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "../barrier.h"
#include "../net/transport.h"
#include "tls_context.h"

namespace lwspool {

namespace {

// Guards the making of contexts: libwebsockets sets up OpenSSL for the whole process in the first
// one, and doing so again would break the handshakes of the others.
std::mutex creationMutex;
bool initialised = false;  // guarded by creationMutex

// No pings and no hang-ups of libwebsockets' own: it would touch connections behind our back.
constexpr int kNever = 24 * 60 * 60;  // seconds

constexpr uint64_t kBase = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                           LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME
#ifdef LWS_SERVER_OPTION_DISABLE_TLS_SESSION_CACHE
                           // From 4.2 on it has one of its own, in the place of ours.
                           | LWS_SERVER_OPTION_DISABLE_TLS_SESSION_CACHE
#endif
    ;

// libwebsockets unloads its event library with its last context, and the system's libuv with it.
// Unloading libuv calls uv_library_shutdown(), which is that of `node` here: the process could not
// even close a signal handler any more. So libuv stays.
void keepLibuvLoaded() {
#ifdef __linux__
  dlopen("libuv.so.1", RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

// Where descriptors run out while libwebsockets makes a context, it goes on without an event pipe,
// or leaves handles in the loop; so they are asked for before. It takes up to five, plug-in
// included; other threads may take some meanwhile. 0 or an errno.
int descriptorsMissing() {
  constexpr size_t kNeeded = 16;
  std::array<int, kNeeded> held;
  size_t count = 0;
  int error = 0;
  while (count < kNeeded && error == 0) {
    held[count] = eventfd(0, EFD_CLOEXEC);
    if (held[count] < 0) {
      error = errno;
    } else {
      count++;
    }
  }
  for (size_t i = 0; i < count; i++) ::close(held[i]);
  return error;
}

}  // namespace

LwsContext::LwsContext(uv_loop_t* loop, lws_callback_function* callback, void* user)
    : loop_(loop), foreignLoops_{loop}, table_(loop) {
  if (const int missing = descriptorsMissing()) {
    throw std::runtime_error(std::string("libwebsockets needs descriptors: ") + errnoName(missing));
  }
  std::memset(protocols_, 0, sizeof protocols_);
  protocols_[0].name = "lws-pool";
  protocols_[0].callback = callback;

  const std::vector<uv_handle_t*> before = loopHandles();
  lws_context_creation_info info;
  std::memset(&info, 0, sizeof info);
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.options = kBase;
  info.user = user;
  info.foreign_loops = foreignLoops_;
  info.pt_serv_buf_size = kServiceBuffer;
  info.timeout_secs = kNever;  // time-outs are ours
  ownLog(info);
  {
    std::lock_guard lock(creationMutex);
    if (!initialised) {
      // Of the process: others look at the level while they log.
      lws_set_log_level(0, nullptr);
      info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    }
    context_ = lws_create_context(&info);
    if (context_ != nullptr && !std::exchange(initialised, true)) keepLibuvLoaded();
  }
  if (context_ == nullptr) {
    throw std::runtime_error(
        "libwebsockets could not make a context: is its libuv plugin installed?");
  }
  for (uv_handle_t* handle : loopHandles()) {
    if (std::find(before.begin(), before.end(), handle) != before.end()) continue;
    handles_.push_back(handle);
    if (handle->type == UV_POLL) {
      watcher_ = handle;
      pipe_.found(handle);
    }
  }
  table_.start();  // not a handle of libwebsockets'
  int own;
  if (watcher_ != nullptr && uv_fileno(watcher_, &own) == 0) table_.found(context_, own);
}

LwsContext::~LwsContext() = default;

std::vector<uv_handle_t*> LwsContext::loopHandles() const {
  std::vector<uv_handle_t*> handles;
  uv_walk(
      loop_,
      [](uv_handle_t* handle, void* out) {
        static_cast<std::vector<uv_handle_t*>*>(out)->push_back(handle);
      },
      &handles);
  return handles;
}

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

lws* LwsContext::connect(const lws_client_connect_info& info) {
  table_.expectSocket();
  table_.beginUse();
  lws* const wsi = lws_client_connect_via_info(&info);
  table_.endUse();
  return wsi;
}

void LwsContext::close(lws* wsi) {
  table_.closing();
  table_.beginUse();
  lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
  table_.endUse();
}

// Destroying a context on somebody else's loop takes several turns: libwebsockets closes its
// handles, waits for the loop to confirm, closes some more, and wants to be called again at the
// end.
void LwsContext::destroy(std::function<void()> done) {
  done_ = std::move(done);
  table_.beginUse();
  lws_context_destroy(context_);
  table_.endUse();
  const std::vector<uv_handle_t*> closing = loopHandles();
  if (std::find(closing.begin(), closing.end(), watcher_) != closing.end()) pipe_.forget();
  uv_idle_init(loop_, &idle_);
  idle_.data = this;
  uv_idle_start(&idle_, onIdle);
}

// Where it throws, it is called again.
void LwsContext::onIdle(uv_idle_t* idle) {
  Barrier::guard([idle] { static_cast<LwsContext*>(idle->data)->destroyStep(); });
}

void LwsContext::destroyStep() {
  const std::vector<uv_handle_t*> open = loopHandles();
  std::erase_if(handles_, [&open](uv_handle_t* handle) {
    return std::find(open.begin(), open.end(), handle) == open.end();
  });
  if (!handles_.empty() || table_.isClosing()) return;
  uv_idle_stop(&idle_);
  table_.destroy([this] {
    lws_context_destroy(context_);
    context_ = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&idle_), [](uv_handle_t* handle) {
      const auto done = std::move(static_cast<LwsContext*>(handle->data)->done_);
      done();
    });
  });
}

}  // namespace lwspool

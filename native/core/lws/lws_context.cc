#include "lws_context.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "../barrier.h"
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

}  // namespace

LwsContext::LwsContext(uv_loop_t* loop, lws_callback_function* callback, void* user)
    : loop_(loop), foreignLoops_{loop}, table_(loop) {
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
  {
    std::lock_guard lock(creationMutex);
    lws_set_log_level(0, nullptr);
    if (!initialised) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    context_ = lws_create_context(&info);
    if (context_ != nullptr && !std::exchange(initialised, true)) keepLibuvLoaded();
  }
  if (context_ == nullptr) {
    throw std::runtime_error(
        "libwebsockets could not make a context: is its libuv plugin installed, and are there "
        "descriptors left?");
  }
  for (uv_handle_t* handle : loopHandles()) {
    if (std::find(before.begin(), before.end(), handle) != before.end()) continue;
    handles_.push_back(handle);
    if (handle->type == UV_POLL) {
      watcher_ = handle;
      pipe_.found(handle);
    }
  }
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

lws_vhost* LwsContext::makeVhost(lws_context_creation_info& info, const char* name) {
  info.vhost_name = name;
  info.protocols = protocols_;
  info.timeout_secs = kNever;
  info.connect_timeout_secs = kNever;
  info.http_proxy_address = "";  // not from the environment
  return lws_create_vhost(context_, &info);
}

lws_vhost* LwsContext::clientVhost(const std::shared_ptr<const TlsContext>& tls) {
  const uint64_t number = tls ? tls->number() : 0;
  if (const auto known = vhosts_.find(number); known != vhosts_.end()) return known->second;
  lws_context_creation_info info;
  std::memset(&info, 0, sizeof info);
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.options = kBase;
  if (tls) {
    info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;  // here: this vhost does TLS
    info.provided_client_ssl_ctx = tls->get();
  }
  lws_vhost* vhost = makeVhost(info, ("client-" + std::to_string(number)).c_str());
  if (vhost == nullptr) return nullptr;
  vhosts_.emplace(number, vhost);
  if (tls) used_.push_back(tls);
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
    used_.clear();
    uv_close(reinterpret_cast<uv_handle_t*>(&idle_), [](uv_handle_t* handle) {
      const auto done = std::move(static_cast<LwsContext*>(handle->data)->done_);
      done();
    });
  });
}

}  // namespace lwspool

// One libwebsockets context on a worker's own loop, with its vhosts.
// Made, used and destroyed on the worker's thread.
#pragma once

#include <libwebsockets.h>
#include <uv.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "descriptor_table.h"
#include "event_pipe.h"

namespace lwspool {

class TlsContext;

class LwsContext {
 public:
  // Bytes that the head of a request may take. libwebsockets writes it in one piece.
  static constexpr uint32_t kServiceBuffer = 32 * 1024;

  // `callback` serves every connection and finds `user` by lws_context_user(). Throws
  // std::runtime_error.
  LwsContext(uv_loop_t* loop, lws_callback_function* callback, void* user);
  // destroy() must have ended.
  ~LwsContext();
  LwsContext(const LwsContext&) = delete;
  LwsContext& operator=(const LwsContext&) = delete;

  lws_context* get() const { return context_; }
  // False: it lacks its event pipe, and is good for nothing but destroy().
  bool whole() const { return watcher_ != nullptr; }
  // lws_client_connect_via_info().
  lws* connect(const lws_client_connect_info&);
  // LWS_CALLBACK_WSI_DESTROY follows, when the loop closes handles.
  void close(lws*);
  // The vhost for client connections, plain or of the TlsContext's carrier. Null on failure.
  lws_vhost* clientVhost(bool tls);
  // A vhost that listens. `tls`: null for plain. Port 0: the kernel chooses. Null on failure.
  lws_vhost* listen(const char* address, int port, const TlsContext* tls);
  // While listen() makes its vhost: gives the SSL_CTX that libwebsockets made for it the
  // certificate and the settings of ours. 0, or -1 on failure.
  int configureServer(SSL_CTX*);

  // Closes everything, over several turns of the loop; then calls `done`, on the same thread.
  void destroy(std::function<void()> done);

 private:
  void ownLog(lws_context_creation_info&);
  lws_vhost* makeVhost(lws_context_creation_info&, const char* name);
  std::vector<uv_handle_t*> loopHandles() const;
  void destroyStep();

  static void onIdle(uv_idle_t*);

  uv_loop_t* const loop_;
  lws_context* context_ = nullptr;
  void* foreignLoops_[1];
  lws_protocols protocols_[2];
#if LWS_LIBRARY_VERSION_NUMBER >= 4003000
  lws_log_cx_t log_{};  // of nothing: level 0
#endif
  lws_vhost* plain_ = nullptr;  // of clients; made when the first of them connects
  lws_vhost* tls_ = nullptr;

  const TlsContext* listening_ = nullptr;  // set within listen()

  std::vector<uv_handle_t*> handles_;  // that libwebsockets made for itself; compared, not used
  uv_handle_t* watcher_ = nullptr;     // of those, the one of its event pipe
  EventPipe pipe_;
  DescriptorTable table_;
  uv_idle_t idle_;
  std::function<void()> done_;
};

}  // namespace lwspool

// One libwebsockets context of a worker, with its vhosts. It has no loop and no poll set of its
// own: it does something when it is called, and only then. Made, used and destroyed on the worker's
// thread.
#pragma once

#include <libwebsockets.h>

#include <cstdint>

#include "descriptor_table.h"

namespace lwspool {

class TlsContext;

class LwsContext {
 public:
  // Bytes that the head of a request may take. libwebsockets writes it in one piece.
  static constexpr uint32_t kServiceBuffer = 32 * 1024;
  // Of all contexts and vhosts. No event library: libwebsockets would poll by itself, but nobody
  // ever asks it to.
  static constexpr uint64_t kBase = LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                                    LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME
#ifdef LWS_SERVER_OPTION_DISABLE_TLS_SESSION_CACHE
                                    // From 4.2 on it has one of its own, in the place of ours.
                                    | LWS_SERVER_OPTION_DISABLE_TLS_SESSION_CACHE
#endif
      ;

  // `callback` serves every connection and finds `user` by lws_context_user(). Throws
  // std::runtime_error.
  LwsContext(lws_callback_function* callback, void* user);
  // Closes everything, with LWS_CALLBACK_WSI_DESTROY for each.
  ~LwsContext();
  LwsContext(const LwsContext&) = delete;
  LwsContext& operator=(const LwsContext&) = delete;

  lws_context* get() const { return context_; }
  DescriptorTable& table() { return table_; }
  // Has libwebsockets do what there is to be done for a descriptor of its own. The wsi may be gone
  // afterwards, with LWS_CALLBACK_WSI_DESTROY.
  void serve(int fd, bool readable, bool writable);
  // LWS_CALLBACK_WSI_DESTROY comes meanwhile. Not within a callback.
  void close(lws*);
  // The vhost for client connections, plain or of the TlsContext's carrier. Null on failure.
  lws_vhost* clientVhost(bool tls);
  // A vhost for connections that come in. `tls`: null for plain. Null on failure.
  lws_vhost* serverVhost(const TlsContext* tls, uint32_t number);
  // While serverVhost() makes its vhost: gives the SSL_CTX that libwebsockets made for it the
  // certificate and the settings of ours. 0, or -1 on failure.
  int configureServer(SSL_CTX*);

 private:
  void ownLog(lws_context_creation_info&);
  lws_vhost* makeVhost(lws_context_creation_info&, const char* name);

  lws_context* context_ = nullptr;
  lws_protocols protocols_[2];
#if LWS_LIBRARY_VERSION_NUMBER >= 4003000
  lws_log_cx_t log_{};  // of nothing: level 0
#endif
  lws_vhost* plain_ = nullptr;  // of clients; made when the first of them connects
  lws_vhost* tls_ = nullptr;
  const TlsContext* listening_ = nullptr;  // set within serverVhost()
  DescriptorTable table_;
};

}  // namespace lwspool

// Opens connections with libwebsockets: TCP, TLS and its verification. What it has opened it leaves
// alone, and takes back only to close it. Worker thread only.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../net/connection.h"
#include "../net/opener.h"
#include "../net/service.h"
#include "diagnosis.h"
#include "lws_context.h"
#include "tls_handshake.h"
#include "wsi_watcher.h"

namespace lwspool {

class LwsOpener final : public Opener, private TlsObserver {
 public:
  // Throws std::runtime_error, with nothing left in the loop.
  LwsOpener(Service& service, uv_loop_t* loop);
  ~LwsOpener() override;

  void start(Connection&) override;
  void abandon(Connection&) override;
  bool connected(const Connection&) const override;
  void established(Connection&) override;
  void close(Connection&) override;
  void resume(Connection&) override;
  void turn() override;

  // False: nothing can be opened; destroy() all the same.
  bool whole() const { return context_.whole(); }

  // Target: takes connections in on that address. The port, or -1.
  int listen(std::shared_ptr<const Endpoint>, const char* address, int port, Consumer&);

  // Makes the BIOs that are of JavaScript; null: there is none by that name. Throws std::exception.
  using MakeBio = std::function<std::shared_ptr<bio::Layer>(const std::string& module)>;
  void makeBiosWith(MakeBio make) { makeBio_ = std::move(make); }
  // What the ids of this worker's connections begin with.
  void name(uint32_t channel) { channel_ = channel; }

  // Closes all connections, without telling anybody, and the context; then calls `done`.
  void destroy(std::function<void()> done);

 private:
  static int onEvent(lws*, lws_callback_reasons, void* user, void* in, size_t size);
  static int onAnyEvent(lws*, lws_callback_reasons, void* user, void* in, size_t size);
  int event(lws*, lws_callback_reasons, Connection&, void* in, size_t size);
  int writeHead(Connection&, char** end, size_t room);
  void ready(Connection&);
  void noteSocket(Connection&);
  void takeOver(Connection&);
  void over(Connection&);
  void diagnosed(Connection&, const char* call, int error);
  void explain(Connection&, std::string_view what);
  void kill(Connection&);

  // TlsObserver
  Connection* connectionOf(const SSL*) override;
  bool prepare(Connection&, SSL*) override;
  void handshakeDone(SSL*) override;

  struct Listener {
    lws_vhost* vhost;
    std::shared_ptr<const Endpoint> endpoint;
    Consumer* consumer;
  };
  int incoming(lws*);

  Service& service_;
  uv_loop_t* const loop_;
  LwsContext context_;
  Diagnosis diagnosis_;
  ws::MaskSource random_;              // for keys of handshakes: a call of OpenSSL for each is slow
  std::vector<Connection*> attempts_;  // those that libwebsockets is opening; few, see Handshakes
  std::vector<Connection*> ready_;     // to be taken over at the end of this turn
  std::vector<Listener> listeners_;
  // Those on which libwebsockets has set a timer since the last turn. It keeps all of them in one
  // list, which it walks to set another, and time-outs are ours.
  std::vector<Connection*> timed_;
  std::vector<Connection*> incoming_;  // the target's: those in their TLS handshake
  // Those that a BIO has put off in this turn, and those from which the loop looks away.
  std::vector<Connection*> putOff_;
  std::unordered_map<Connection*, LookedAway> waiting_;
  MakeBio makeBio_;
  uint32_t channel_ = 0;
  bool touched_ = false;            // libwebsockets was called from outside its callbacks
  Connection* starting_ = nullptr;  // within lws_client_connect_via_info()
  bool destroying_ = false;
};

}  // namespace lwspool

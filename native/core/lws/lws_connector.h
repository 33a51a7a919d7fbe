// Opens connections with libwebsockets: TCP, TLS and its verification. What it has opened it leaves
// alone, and takes back only to close it. Until then the worker's poller says what is ready, and
// libwebsockets is called for that. Worker thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../net/connection.h"
#include "../net/connector.h"
#include "../net/service.h"
#include "lws_context.h"
#include "tls_handshake.h"

namespace lwspool {

class LwsConnector final : public Connector, private TlsHandshakes {
 public:
  // Throws std::runtime_error.
  explicit LwsConnector(Service& service);
  ~LwsConnector() override;

  void start(Connection&) override;
  void abandon(Connection&) override;
  bool connected(const Connection&) const override;
  void established(Connection&) override;
  void close(Connection&) override;
  void resume(Connection&) override;
  void serve(Connection&, const Poller::Ready&) override;
  void arrivals(uint32_t listener) override;

  // Target: takes connections in on that address. The port, or -1.
  int listen(std::shared_ptr<const Endpoint>, const char* address, int port, EventSink&);

  // Makes the BIOs that are of JavaScript; null: there is none by that name. Throws std::exception.
  using MakeBio = std::function<std::shared_ptr<bio::Layer>(const std::string& module)>;
  void makeBiosWith(MakeBio make) { makeBio_ = std::move(make); }
  // What the ids of this worker's connections begin with.
  void name(uint32_t channel) { channel_ = channel; }

  // Closes all connections, without telling anybody, and the context.
  void destroy();

 private:
  static int onEvent(lws*, lws_callback_reasons, void* user, void* in, size_t size);
  static int onAnyEvent(lws*, lws_callback_reasons, void* user, void* in, size_t size);
  int event(lws*, lws_callback_reasons, Connection&, void* in, size_t size);
  int writeHead(Connection&, char** end, size_t room);
  void refused(Connection&);
  bool failed(Connection&);
  void run(Connection&, bool readable, bool writable, bool more);
  void proceed(Connection&, bool more);
  void noteSocket(Connection&);
  void takeOver(Connection&, bool more);
  void over(Connection&);
  void explain(Connection&, std::string_view what);
  void kill(Connection&);

  // TlsHandshakes
  Connection* connectionOf(const SSL*) override;
  bool prepare(Connection&, SSL*) override;
  bool handshakeDone(SSL*) override;

  struct Listener {
    int fd;
    lws_vhost* vhost;
    std::shared_ptr<const Endpoint> endpoint;
    EventSink* sink;
  };
  void adopt(const Listener&, int fd);
  int incoming(lws*);

  Service& service_;
  std::optional<LwsContext> context_;  // nothing: destroyed
  ws::MaskSource random_;              // for keys of handshakes: a call of OpenSSL for each is slow
  std::vector<Connection*> attempts_;  // those with TLS that are being opened; few, see Handshakes
  std::vector<Connection*> incoming_;  // the target's: those in their TLS handshake
  std::vector<Listener> listeners_;
  MakeBio makeBio_;
  uint32_t channel_ = 0;
  Connection* starting_ = nullptr;      // within lws_client_connect_via_info()
  const Listener* adopting_ = nullptr;  // within lws_adopt_descriptor_vhost()
  Connection* adopted_ = nullptr;       // what came of it; null: it failed
  bool destroying_ = false;
};

}  // namespace lwspool

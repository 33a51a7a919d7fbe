// What has to be done in the middle of a TLS handshake, where only OpenSSL's callbacks get to:
// naming the server, checking its certificate by our own rules, resuming a session, and finding out
// why it failed. Worker thread.
#pragma once

#include <openssl/types.h>

#include "tls_observer.h"

namespace lwspool {

class TlsHandshakes : public TlsObserver {
 public:
  // Client: the handshake on that object is about to begin. False: it must not, and the
  // connection's error says why.
  virtual bool prepare(Connection&, SSL*) { return true; }
  // Server: the handshake on that object is done. False: it is none of this one's.
  virtual bool handshakeDone(SSL*) { return false; }

  // TlsObserver
  bool informed(const SSL*, int where, int result) override;
  // Sessions go into the TlsContext's cache, from which later handshakes take them.
  int sessionCame(SSL*, SSL_SESSION*) override;

 private:
  void begins(Connection&, SSL*);
};

// Has the connection's error be that of the BIO that failed, if one did. Worker thread.
void noteFault(Connection&, const SSL*);

}  // namespace lwspool

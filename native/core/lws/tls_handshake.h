// What has to be done in the middle of a TLS handshake, where only OpenSSL's callbacks get to:
// naming the server, checking its certificate by our own rules, resuming a session, and finding out
// why it failed.
#pragma once

#include <openssl/types.h>

#include <string>

namespace lwspool {

struct Connection;

// The worker thread's opener: finds whose handshake it is that OpenSSL reports on.
class TlsObserver {
 public:
  virtual ~TlsObserver() = default;
  // Client: the connection that is being opened with that SSL object; null: none.
  virtual Connection* connectionOf(const SSL*) = 0;
  // Client: the handshake on that object is about to begin. False: it must not, and the
  // connection's error says why.
  virtual bool prepare(Connection&, SSL*) { return true; }
  // Server: the handshake on that object is done.
  virtual void handshakeDone(SSL*) {}
};

// The connection that this thread is opening with that object; null: none.
Connection* openedWith(const SSL*);

// The observer of this thread, for as long as it lives; null to take it away.
void observeThisThread(TlsObserver*);

// Has the connection's error be that of the BIO that failed, if one did. Worker thread.
void noteFault(Connection&, const SSL*);

// Installs the callbacks on a new SSL_CTX. Any thread.
void observeHandshakes(SSL_CTX*);

// Client: sessions go into the TlsContext's cache, from which later handshakes take them. The
// caller is that context's maker.
void observeSessions(SSL_CTX*);

}  // namespace lwspool

// Leads what OpenSSL calls in the middle of a handshake to the thread on which it happens. One
// SSL_CTX serves all threads.
#pragma once

#include <openssl/types.h>

using SSL_SESSION = struct ssl_session_st;  // of openssl/ssl.h

namespace lwspool {

class Connection;

// All on the thread of the worker that has it.
class TlsObserver {
 public:
  virtual ~TlsObserver() = default;
  // Client: the connection that is being opened with that SSL object; null: none.
  virtual Connection* connectionOf(const SSL*) = 0;
  // As SSL_CTX_set_info_callback(3) and SSL_CTX_sess_set_new_cb(3) have them.
  virtual void informed(const SSL*, int where, int result) = 0;
  virtual int sessionCame(SSL*, SSL_SESSION*) = 0;
};

// The connection that this thread is opening with that object; null: none.
Connection* openedWith(const SSL*);

// The observer of this thread, for as long as it lives; null to take it away.
void observeThisThread(TlsObserver*);

// Installs the callbacks on a new SSL_CTX. Any thread.
void observeHandshakes(SSL_CTX*);
// Client: the same for new sessions.
void observeSessions(SSL_CTX*);

}  // namespace lwspool

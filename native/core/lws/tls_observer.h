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
  TlsObserver() = default;
  virtual ~TlsObserver() = default;
  TlsObserver(const TlsObserver&) = delete;
  TlsObserver& operator=(const TlsObserver&) = delete;
  // Client: the connection that is being opened with that SSL object; null: none.
  virtual Connection* connectionOf(const SSL*) = 0;
  // As SSL_CTX_set_info_callback(3) has it. False: the object is another observer's.
  virtual bool informed(const SSL*, int where, int result) = 0;
  // As SSL_CTX_sess_set_new_cb(3) has it; connectionOf() knows the object.
  virtual int sessionCame(SSL*, SSL_SESSION*) = 0;

 private:
  friend class TlsObservers;
  TlsObserver* next_ = nullptr;  // of the same thread
};

// Those of this thread: that of a worker, or those of all targets that listen on it.
class TlsObservers {
 public:
  // For as long as it lives, until it is removed.
  static void add(TlsObserver&);
  static void remove(TlsObserver&);
  static void informed(const SSL*, int where, int result);
  // The one that is opening a connection with that object; null: none.
  static TlsObserver* of(const SSL*);
};

// The connection that this thread is opening with that object; null: none.
Connection* openedWith(const SSL*);

// Installs the callbacks on a new SSL_CTX. Any thread.
void observeHandshakes(SSL_CTX*);
// Client: the same for new sessions.
void observeSessions(SSL_CTX*);

}  // namespace lwspool

#include "tls_observer.h"

#include <openssl/ssl.h>

#include "../base/barrier.h"
#include "../bio/socket.h"

namespace lwspool {

namespace {

thread_local TlsObserver* observer = nullptr;

// Worker thread, within SSL_connect(), SSL_accept() or SSL_read(); also that of a lease's holder.
void info(const SSL* ssl, int where, int result) {
  bio::Socket::note(ssl, where);
  if (observer != nullptr) observer->informed(ssl, where, result);
}

}  // namespace

Connection* openedWith(const SSL* ssl) {
  return observer != nullptr ? observer->connectionOf(ssl) : nullptr;
}

void observeThisThread(TlsObserver* thread) { observer = thread; }

void observeHandshakes(SSL_CTX* context) {
  SSL_CTX_set_info_callback(context, [](const SSL* ssl, int where, int result) {
    Barrier::guard([=] { info(ssl, where, result); });
  });
}

void observeSessions(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
    return Barrier::guard(
        0, [=] { return observer != nullptr ? observer->sessionCame(ssl, session) : 0; });
  });
}

}  // namespace lwspool

#include "tls_observer.h"

#include <openssl/ssl.h>

#include "../base/barrier.h"
#include "../bio/socket.h"

namespace lwspool {

namespace {

thread_local TlsObserver* first = nullptr;

// Worker thread, within SSL_connect(), SSL_accept() or SSL_read(); also that of a lease's holder.
void info(const SSL* ssl, int where, int result) {
  bio::Socket::note(ssl, where);
  TlsObservers::informed(ssl, where, result);
}

}  // namespace

Connection* openedWith(const SSL* ssl) {
  TlsObserver* const observer = TlsObservers::of(ssl);
  return observer != nullptr ? observer->connectionOf(ssl) : nullptr;
}

void TlsObservers::add(TlsObserver& observer) {
  observer.next_ = first;
  first = &observer;
}

void TlsObservers::remove(TlsObserver& observer) {
  TlsObserver** at = &first;
  while (*at != nullptr && *at != &observer) at = &(*at)->next_;
  if (*at != nullptr) *at = observer.next_;
}

void TlsObservers::informed(const SSL* ssl, int where, int result) {
  for (TlsObserver* each = first; each != nullptr; each = each->next_) {
    if (each->informed(ssl, where, result)) return;
  }
}

TlsObserver* TlsObservers::of(const SSL* ssl) {
  for (TlsObserver* each = first; each != nullptr; each = each->next_) {
    if (each->connectionOf(ssl) != nullptr) return each;
  }
  return nullptr;
}

void observeHandshakes(SSL_CTX* context) {
  SSL_CTX_set_info_callback(context, [](const SSL* ssl, int where, int result) {
    Barrier::guard([=] { info(ssl, where, result); });
  });
}

void observeSessions(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
    return Barrier::guard(0, [=] {
      TlsObserver* const observer = TlsObservers::of(ssl);
      return observer != nullptr ? observer->sessionCame(ssl, session) : 0;
    });
  });
}

}  // namespace lwspool

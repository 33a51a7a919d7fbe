#include "session_cache.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "tls_facts.h"

namespace lwspool {

namespace {

// RFC 8446, 4.6.1: no longer than that, whatever the server says. Seconds.
constexpr long kLongest = 7 * 24 * 60 * 60;

bool isTls13(const SSL_SESSION* session) {
  return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

long lifetime(const SSL_SESSION* session) {
  const auto hint = static_cast<long>(
      std::min<unsigned long>(SSL_SESSION_get_ticket_lifetime_hint(session), kLongest));
  return hint > 0 || isTls13(session) ? hint : std::min(SSL_SESSION_get_timeout(session), kLongest);
}

// Nor is one used when its certificate, which is not looked at again, would not be good any more.
bool usable(const SSL_SESSION* session) {
  const long age = static_cast<long>(std::time(nullptr)) - SSL_SESSION_get_time(session);
  if (age < 0 || age >= lifetime(session)) return false;
  const X509* certificate = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
  return certificate != nullptr && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

size_t sizeOf(const SSL* ssl, const SSL_SESSION* session) {
  const unsigned char* ticket = nullptr;
  size_t size = 0;
  SSL_SESSION_get0_ticket(session, &ticket, &size);
  STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(chain); i++) {
    size += static_cast<size_t>(std::max(i2d_X509(sk_X509_value(chain, i), nullptr), 0));
  }
  return size;
}

}  // namespace

void SessionFree::operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }

size_t SessionCache::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

void SessionCache::put(const std::string& place, SSL* ssl, SSL_SESSION* session,
                       std::string group) {
  if (!enabled() || verifyResult(ssl) != X509_V_OK) return;
  if (SSL_SESSION_is_resumable(session) != 1 || !usable(session)) return;
  if (sizeOf(ssl, session) > kLargest) return;
  // A copy, because OpenSSL writes into a session while a connection has it, and lets none be
  // resumed whose connection was cut.
  SSL_SESSION* const copy = SSL_SESSION_dup(session);
  if (copy != nullptr) {
    add({place, {copy, SSL_SESSION_free}, isTls13(copy), std::move(group)});
  }
}

SessionPtr SessionCache::take(const std::string& place, std::string* group) {
  for (;;) {
    std::shared_ptr<SSL_SESSION> session;
    {
      std::lock_guard lock(mutex_);
      const auto found = places_.find(place);
      if (found == places_.end()) return nullptr;
      const std::vector<Entries::iterator>& all = found->second;
      session = all.back()->session;
      if (group != nullptr) *group = all.back()->group;
      if (all.size() > 1 && all.back()->once) drop(all.back());
    }
    if (usable(session.get())) return SessionPtr(SSL_SESSION_dup(session.get()));
    forget(place);  // the newest is the last to expire
  }
}

void SessionCache::learn(const std::string& place, const std::string& group) {
  std::lock_guard lock(mutex_);
  const auto found = places_.find(place);
  if (found == places_.end()) return;
  for (const Entries::iterator entry : found->second) entry->group = group;
}

void SessionCache::forget(const std::string& place) {
  std::vector<std::shared_ptr<SSL_SESSION>> gone;  // freed without the lock
  std::lock_guard lock(mutex_);
  const auto found = places_.find(place);
  if (found == places_.end()) return;
  for (const Entries::iterator entry : found->second) {
    gone.push_back(std::move(entry->session));
    entries_.erase(entry);
  }
  places_.erase(found);
}

// A place that has several gives up its own oldest, so that many connections to one server do not
// cost the others theirs.
void SessionCache::add(Entry entry) {
  std::shared_ptr<SSL_SESSION> gone;
  std::lock_guard lock(mutex_);
  if (entries_.size() == most_) {
    const auto own = places_.find(entry.place);
    gone = drop(own != places_.end() ? own->second.front() : std::prev(entries_.end()));
  }
  entries_.push_front(std::move(entry));
  places_[entries_.front().place].push_back(entries_.begin());
}

std::shared_ptr<SSL_SESSION> SessionCache::drop(Entries::iterator entry) {
  const auto found = places_.find(entry->place);
  std::erase(found->second, entry);
  if (found->second.empty()) places_.erase(found);
  std::shared_ptr<SSL_SESSION> session = std::move(entry->session);
  entries_.erase(entry);
  return session;
}

}  // namespace lwspool

// TLS sessions that later connections to the same place resume (RFC 8446, 2.2; RFC 5077), which
// spares both ends most of a handshake. Each TlsContext has one, so that all its sessions were
// verified by the same rules. Any thread.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

using SSL_SESSION = struct ssl_session_st;  // of openssl/ssl.h

namespace lwspool {

struct SessionFree {
  void operator()(SSL_SESSION*) const;
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;

class SessionCache {
 public:
  // A session's ticket and certificates are the peer's; larger ones are not kept. Bytes.
  static constexpr size_t kLargest = 16 * 1024;

  // Of so many sessions at most; 0 keeps none.
  explicit SessionCache(size_t most) : most_(most) {}
  SessionCache(const SessionCache&) = delete;
  SessionCache& operator=(const SessionCache&) = delete;

  bool enabled() const { return most_ > 0; }
  size_t size() const;

  // Keeps a copy of the session that `ssl` has just been given, unless it cannot or must not be
  // used again: it has no ticket, ends at once, is too large, or its certificate was not found
  // good. `group`: of the key exchange, for take(); empty where all are to be offered alike.
  void put(const std::string& place, SSL* ssl, SSL_SESSION* session, std::string group = {});

  // The newest session for that place; null: there is none. One of TLS 1.3 is given out once, so
  // that nobody on the way can tell connections apart by their tickets (RFC 8446, C.4), unless it
  // is the last: rather that than a full handshake. `group`: becomes what put() was told of it.
  SessionPtr take(const std::string& place, std::string* group = nullptr);

  // The server of that place has chosen that group: take() tells it of all sessions there.
  void learn(const std::string& place, const std::string& group);

  // The server has refused a session: it knows the others of that place no more than this one.
  void forget(const std::string& place);

 private:
  struct Entry {
    std::string place;
    std::shared_ptr<SSL_SESSION> session;  // never changed, and in no connection's hands
    bool once;                             // see take()
    std::string group;                     // see put()
  };
  using Entries = std::list<Entry>;

  void add(Entry entry);
  std::shared_ptr<SSL_SESSION> drop(Entries::iterator entry);

  const size_t most_;
  mutable std::mutex mutex_;
  // Both guarded by mutex_; the newest come first here, and last there.
  Entries entries_;
  std::unordered_map<std::string, std::vector<Entries::iterator>> places_;
};

}  // namespace lwspool

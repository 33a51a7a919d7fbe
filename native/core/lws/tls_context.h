// An SSL_CTX and what it was made of. Made on any thread, immutable, shared by all connections with
// equal options, those of all workers; what differs between them, such as the name of the server,
// belongs to their SSL objects. All that changes is which sessions are kept for resumption, see
// SessionCache.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../tls/authorities.h"
#include "../tls/key_shares.h"
#include "../tls/option_error.h"
#include "../tls/session_cache.h"
#include "tls_secrets.h"

namespace lwspool {

// Names and meaning as in node:tls.
struct TlsOptions {
  bool server = false;
  Authorities authorities;      // of clients; null: those of `ca`
  std::vector<std::string> ca;  // PEM
  std::vector<std::string> cert;
  std::vector<std::string> key;
  std::vector<std::string> keyPassphrases;  // of each key; may be shorter
  int minVersion = 0;                       // TLS1_2_VERSION…; 0: OpenSSL's own
  int maxVersion = 0;
  std::string ciphers;            // of TLS 1.2 and 1.3 together, separated by colons
  std::string groups;             // of the key exchange; empty: OpenSSL's own
  std::string sigalgs;            // empty: OpenSSL's own
  std::vector<std::string> alpn;  // empty: http/1.1
  bool rejectUnauthorized = true;
  bool requestOcsp = false;
  size_t maxCachedSessions = 0;  // of clients
  SecretSinks secrets;
};

class TlsContext {
 public:
  // Throws TlsOptionError. Any thread.
  explicit TlsContext(const TlsOptions&);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // The process's one for options of this content, for as long as anybody has it; of those that
  // nobody has, the last few are kept. Throws TlsOptionError. Any thread.
  static std::shared_ptr<const TlsContext> of(const TlsOptions&);

  // What libwebsockets makes the SSL objects of all clients of, since its vhosts, of which each has
  // one SSL_CTX, cannot come and go with options; see apply(). Never freed. Any thread.
  static SSL_CTX* carrier();

  // Has an object that was made of the carrier be one of this context, before the first byte of
  // its handshake. False: it must not be used. Where the object is used.
  bool apply(SSL*) const;

  // Server: has that SSL_CTX, which is not this one, take the same algorithms. Any thread.
  void applyAlgorithms(SSL_CTX*) const;

  SSL_CTX* get() const { return context_; }
  bool rejectUnauthorized() const { return rejectUnauthorized_; }
  // Of connections that were opened with this context.
  SessionCache& sessions() const { return *sessions_; }
  // For connections that resume one of them.
  const KeyShares& keyShares() const { return *keyShares_; }

 private:
  void configure(const TlsOptions&);

  SSL_CTX* context_;
  const bool rejectUnauthorized_;
  const bool requestOcsp_;
  Authorities authorities_;  // held so that others find them, and none takes their place in
                             // memory while this context is found by it; null: a server's
  const std::string groups_;
  const std::string sigalgs_;
  std::string alpn_;  // as SSL_set_alpn_protos(3) takes it
  const std::unique_ptr<SessionCache> sessions_;
  std::unique_ptr<const KeyShares> keyShares_;  // a client's whose sessions are kept
};

}  // namespace lwspool

// An SSL_CTX and what it was made of. Made on any thread, immutable, shared by the contexts of all
// workers: loading certificate authorities costs 20 ms and is done once per process. All that
// changes is which sessions are kept for resumption, see SessionCache.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "../net/session_cache.h"
#include "tls_secrets.h"

namespace lwspool {

// Names and meaning as in node:tls.
struct TlsOptions {
  bool server = false;
  bool defaultAuthorities = true;
  std::vector<std::string> ca;  // PEM; instead of the default authorities
  std::vector<std::string> cert;
  std::vector<std::string> key;
  std::vector<std::string> keyPassphrases;  // of each key; may be shorter
  int minVersion = 0;                       // TLS1_2_VERSION…; 0: OpenSSL's own
  int maxVersion = 0;
  std::string ciphers;            // of TLS 1.2 and 1.3 together, separated by colons
  std::vector<std::string> alpn;  // empty: http/1.1
  bool rejectUnauthorized = true;
  bool requestOcsp = false;
  size_t maxCachedSessions = 0;  // of clients
  SecretSinks secrets;
};

// An option that OpenSSL does not take.
class TlsOptionError : public std::runtime_error {
 public:
  TlsOptionError(std::string name, const std::string& reason)
      : std::runtime_error(reason), option(std::move(name)) {}
  const std::string option;
};

class TlsContext {
 public:
  // Throws TlsOptionError. Any thread.
  explicit TlsContext(const TlsOptions&);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // The authorities that are trusted where no others are named: PEM, once per process, before the
  // first client context. Any thread.
  static void setDefaultAuthorities(const std::string& pem);

  SSL_CTX* get() const { return context_; }
  bool rejectUnauthorized() const { return rejectUnauthorized_; }
  // Protocol names as SSL_set_alpn_protos(3) takes them.
  const std::string& alpn() const { return alpn_; }
  // Of connections that were opened with this context.
  SessionCache& sessions() const { return *sessions_; }
  // Tells contexts apart for ever, also after one is gone.
  uint64_t number() const { return number_; }

 private:
  void configure(const TlsOptions&);

  SSL_CTX* context_;
  const bool rejectUnauthorized_;
  const SecretSinks secrets_;
  std::string alpn_;
  const std::unique_ptr<SessionCache> sessions_;
  const uint64_t number_;
};

}  // namespace lwspool

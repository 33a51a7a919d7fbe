#include "tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <atomic>
#include <mutex>

#include "../net/tls_reason.h"
#include "tls_handshake.h"

namespace lwspool {

namespace {

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioFree>;

struct X509Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using X509Ptr = std::unique_ptr<X509, X509Free>;

struct StoreFree {
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};
using StorePtr = std::unique_ptr<X509_STORE, StoreFree>;

std::mutex authoritiesMutex;
StorePtr authorities;  // guarded by authoritiesMutex

std::atomic<uint64_t> contexts{0};

BioPtr reader(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int takePassphrase(char* out, int size, int, void* passphrase) {
  const auto& text = *static_cast<const std::string*>(passphrase);
  if (text.empty() || static_cast<size_t>(size) < text.size()) return -1;
  return static_cast<int>(text.copy(out, text.size()));
}

// Adds every certificate of a PEM text; returns how many there were.
int addAuthorities(X509_STORE* store, const std::string& pem) {
  const BioPtr bio = reader(pem);
  int count = 0;
  while (X509Ptr certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store, certificate.get());
    count++;
  }
  ERR_clear_error();  // the end of the text is an error to PEM_read_bio
  return count;
}

void useCertificate(SSL_CTX* context, const std::string& pem) {
  const BioPtr bio = reader(pem);
  const X509Ptr leaf{PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)};
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    throw TlsOptionError("cert", tlsReason());
  }
  while (X509Ptr link{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (SSL_CTX_add1_chain_cert(context, link.get()) != 1) {
      throw TlsOptionError("cert", tlsReason());
    }
  }
  ERR_clear_error();
}

void useKey(SSL_CTX* context, const std::string& pem, std::string& passphrase) {
  const BioPtr bio = reader(pem);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, takePassphrase, &passphrase);
  if (key == nullptr) {
    const std::string reason = tlsReason();
    throw TlsOptionError("key", reason);
  }
  const int result = SSL_CTX_use_PrivateKey(context, key);
  EVP_PKEY_free(key);
  if (result != 1) throw TlsOptionError("key", tlsReason());
}

// OpenSSL keeps the suites of TLS 1.3 apart from the others; node:tls names them in one list.
void useCiphers(SSL_CTX* context, const std::string& all) {
  std::string suites;
  std::string ciphers;
  for (size_t at = 0; at <= all.size();) {
    const size_t end = std::min(all.find(':', at), all.size());
    const std::string name = all.substr(at, end - at);
    std::string& list = name.starts_with("TLS_") ? suites : ciphers;
    if (!name.empty()) list += (list.empty() ? "" : ":") + name;
    at = end + 1;
  }
  if (SSL_CTX_set_ciphersuites(context, suites.c_str()) != 1) {
    throw TlsOptionError("ciphers", tlsReason());
  }
  if (SSL_CTX_set_cipher_list(context, ciphers.empty() ? "DEFAULT" : ciphers.c_str()) != 1) {
    throw TlsOptionError("ciphers", tlsReason());
  }
  if (ciphers.empty()) SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
}

}  // namespace

void TlsContext::setDefaultAuthorities(const std::string& pem) {
  std::lock_guard lock(authoritiesMutex);
  if (authorities) return;
  authorities.reset(X509_STORE_new());
  addAuthorities(authorities.get(), pem);
}

TlsContext::TlsContext(const TlsOptions& options)
    : context_(SSL_CTX_new(options.server ? TLS_server_method() : TLS_client_method())),
      rejectUnauthorized_(options.rejectUnauthorized),
      secrets_(options.secrets),
      // A server staples no response where it resumes a session.
      sessions_(std::make_unique<SessionCache>(
          options.server || options.requestOcsp ? 0 : options.maxCachedSessions)),
      number_(++contexts) {
  if (context_ == nullptr) throw std::bad_alloc();
  try {
    configure(options);
  } catch (...) {
    SSL_CTX_free(context_);
    throw;
  }
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

void TlsContext::configure(const TlsOptions& options) {
  ERR_clear_error();
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Behind a message of its own OpenSSL comes back, see bio/socket.h.
  SSL_CTX_clear_mode(context_, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A record's header and body in one read(2) instead of two.
  SSL_CTX_set_read_ahead(context_, 1);
  SSL_CTX_set_min_proto_version(context_,
                                options.minVersion != 0 ? options.minVersion : TLS1_2_VERSION);
  if (options.maxVersion != 0) SSL_CTX_set_max_proto_version(context_, options.maxVersion);
  if (!options.ciphers.empty()) useCiphers(context_, options.ciphers);

  for (const std::string& pem : options.cert) useCertificate(context_, pem);
  for (size_t i = 0; i < options.key.size(); i++) {
    std::string passphrase = i < options.keyPassphrases.size() ? options.keyPassphrases[i] : "";
    useKey(context_, options.key[i], passphrase);
  }
  if (!options.cert.empty() && SSL_CTX_check_private_key(context_) != 1) {
    throw TlsOptionError("key", tlsReason());
  }

  if (!options.server) {
    if (options.defaultAuthorities) {
      std::lock_guard lock(authoritiesMutex);
      if (authorities) SSL_CTX_set1_cert_store(context_, authorities.get());
    } else {
      StorePtr store(X509_STORE_new());
      for (const std::string& pem : options.ca) {
        if (addAuthorities(store.get(), pem) == 0) {
          throw TlsOptionError("ca", "no certificate in it");
        }
      }
      SSL_CTX_set1_cert_store(context_, store.get());
    }
  }
  if (options.requestOcsp) SSL_CTX_set_tlsext_status_type(context_, TLSEXT_STATUSTYPE_ocsp);
  for (const std::string& name :
       options.alpn.empty() ? std::vector<std::string>{"http/1.1"} : options.alpn) {
    alpn_ += static_cast<char>(name.size());
    alpn_ += name;
  }
  if (secrets_.any()) observeSecrets(context_, secrets_);
  observeHandshakes(context_);
  if (sessions_->enabled()) observeSessions(context_);
}

}  // namespace lwspool

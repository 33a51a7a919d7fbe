#include "tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <new>

#include "../tls/algorithms.h"
#include "../tls/digest.h"
#include "../tls/recent.h"
#include "../tls/tls_reason.h"
#include "tls_observer.h"

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

// How many contexts are kept although no connection and no caller has them. Without its authorities
// one takes some 20 KB, and the sessions that it keeps.
constexpr size_t kKept = 32;

BioPtr reader(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int takePassphrase(char* out, int size, int, void* passphrase) {
  const auto& text = *static_cast<const std::string*>(passphrase);
  if (text.empty() || static_cast<size_t>(size) < text.size()) return -1;
  return static_cast<int>(text.copy(out, text.size()));
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

// OpenSSL keeps the suites of TLS 1.3 apart from the others; node:tls names them in one list. What
// names none of the one kind means, it means here too: without a suite of TLS 1.3 OpenSSL's own
// stay, and without any of the others nothing older than TLS 1.3 is spoken.
void useCiphers(SSL_CTX* context, const std::string& all) {
  std::string suites;
  std::string ciphers;
  for (size_t at = 0; at <= all.size();) {
    const size_t end = std::min(all.find(':', at), all.size());
    const std::string name = all.substr(at, end - at);
    const bool suite = name.starts_with("TLS_") || name.starts_with("!TLS_");
    std::string& list = suite ? suites : ciphers;
    if (!name.empty()) list += (list.empty() ? "" : ":") + name;
    at = end + 1;
  }
  if (suites.empty() && ciphers.empty()) throw TlsOptionError("ciphers", "it names none");
  if (!suites.empty() && SSL_CTX_set_ciphersuites(context, suites.c_str()) != 1) {
    throw TlsOptionError("ciphers", tlsReason());
  }
  if (ciphers.empty()) {
    // An empty list is what is wanted, and an error to OpenSSL all the same.
    SSL_CTX_set_cipher_list(context, "");
    ERR_clear_error();
    if (SSL_CTX_get_min_proto_version(context) < TLS1_3_VERSION) {
      SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    }
  } else if (SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1) {
    throw TlsOptionError("ciphers", tlsReason());
  }
}

// Versions, ciphers and the security level together may leave nothing to be offered: said now, and
// not in the middle of each handshake.
void checkCiphers(SSL_CTX* context) {
  SSL* const ssl = SSL_new(context);
  if (ssl == nullptr) throw std::bad_alloc();
  STACK_OF(SSL_CIPHER)* const offered = SSL_get1_supported_ciphers(ssl);
  const bool none = offered == nullptr || sk_SSL_CIPHER_num(offered) == 0;
  sk_SSL_CIPHER_free(offered);
  SSL_free(ssl);
  ERR_clear_error();
  if (none) {
    throw TlsOptionError(
        "ciphers", "none of them goes with the TLS versions and the security level asked for");
  }
}

// What OpenSSL copies from the SSL_CTX of which an SSL object is made, the same for all of ours.
void configureCommon(SSL_CTX* context) {
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Behind a message of its own OpenSSL comes back, see bio/socket.h.
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A record's header and body in one read(2) instead of two.
  SSL_CTX_set_read_ahead(context, 1);
  observeHandshakes(context);
}

std::string digestOf(const TlsOptions& options) {
  return Digest()
      .add(options.server)
      .add(reinterpret_cast<uintptr_t>(options.authorities.get()))
      .add(options.ca)
      .add(options.cert)
      .add(options.key)
      .add(options.keyPassphrases)
      .add(static_cast<uint64_t>(options.minVersion))
      .add(static_cast<uint64_t>(options.maxVersion))
      .add(options.ciphers)
      .add(options.groups)
      .add(options.sigalgs)
      .add(options.alpn)
      .add(options.rejectUnauthorized)
      .add(options.requestOcsp)
      .add(options.maxCachedSessions)
      .add(options.secrets.captures)
      .add(options.secrets.told)
      .add(options.secrets.file ? options.secrets.file->path() : std::string())
      .take();
}

}  // namespace

std::shared_ptr<const TlsContext> TlsContext::of(const TlsOptions& options) {
  static Recent<const TlsContext> contexts(kKept);
  return contexts.get(digestOf(options),
                      [&options] { return std::make_shared<const TlsContext>(options); });
}

SSL_CTX* TlsContext::carrier() {
  static SSL_CTX* const carrier = [] {
    SSL_CTX* const made = SSL_CTX_new(TLS_client_method());
    if (made == nullptr) throw std::bad_alloc();
    configureCommon(made);
    observeSessions(made);
    return made;
  }();
  return carrier;
}

TlsContext::TlsContext(const TlsOptions& options)
    : context_(SSL_CTX_new(options.server ? TLS_server_method() : TLS_client_method())),
      rejectUnauthorized_(options.rejectUnauthorized),
      requestOcsp_(options.requestOcsp),
      groups_(options.groups),
      sigalgs_(options.sigalgs),
      // A server staples no response where it resumes a session.
      sessions_(std::make_unique<SessionCache>(
          options.server || options.requestOcsp ? 0 : options.maxCachedSessions)) {
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
  configureCommon(context_);
  SSL_CTX_set_min_proto_version(context_,
                                options.minVersion != 0 ? options.minVersion : TLS1_2_VERSION);
  if (options.maxVersion != 0) SSL_CTX_set_max_proto_version(context_, options.maxVersion);
  if (!options.ciphers.empty()) useCiphers(context_, options.ciphers);
  if (!groups_.empty()) useGroups(context_, groups_);
  if (!sigalgs_.empty()) useSignatureAlgorithms(context_, sigalgs_);

  for (const std::string& pem : options.cert) useCertificate(context_, pem);
  for (size_t i = 0; i < options.key.size(); i++) {
    std::string passphrase = i < options.keyPassphrases.size() ? options.keyPassphrases[i] : "";
    useKey(context_, options.key[i], passphrase);
  }
  if (!options.cert.empty() && SSL_CTX_check_private_key(context_) != 1) {
    throw TlsOptionError("key", tlsReason());
  }

  if (!options.server) {
    checkCiphers(context_);
    authorities_ = options.authorities ? options.authorities : authoritiesOf(options.ca);
    if (authorities_ == nullptr) throw TlsOptionError("ca", "no certificate in it");
    SSL_CTX_set1_cert_store(context_, authorities_.get());
    if (sessions_->enabled()) keyShares_ = std::make_unique<const KeyShares>(context_);
  }
  for (const std::string& name :
       options.alpn.empty() ? std::vector<std::string>{"http/1.1"} : options.alpn) {
    alpn_ += static_cast<char>(name.size());
    alpn_ += name;
  }
  if (options.secrets.any()) observeSecrets(context_, options.secrets);
}

// OpenSSL takes certificates, authorities, ciphers and callbacks from the SSL_CTX that an object
// has now, and the rest from the one it was made of.
bool TlsContext::apply(SSL* ssl) const {
  if (SSL_set_SSL_CTX(ssl, context_) != context_) return false;
  if (requestOcsp_) SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
  // Of the SSL_CTX's, it keeps what it was made with.
  if (!groups_.empty() && SSL_set1_groups_list(ssl, groups_.c_str()) != 1) return false;
  return SSL_set_min_proto_version(ssl, SSL_CTX_get_min_proto_version(context_)) == 1 &&
         SSL_set_max_proto_version(ssl, SSL_CTX_get_max_proto_version(context_)) == 1 &&
         // It answers 0 for done.
         SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(alpn_.data()),
                             static_cast<unsigned>(alpn_.size())) == 0;
}

void TlsContext::applyAlgorithms(SSL_CTX* context) const {
  if (!groups_.empty()) useGroups(context, groups_);
  if (!sigalgs_.empty()) useSignatureAlgorithms(context, sigalgs_);
}

}  // namespace lwspool

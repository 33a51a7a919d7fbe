#include "authorities.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <new>

#include "digest.h"
#include "recent.h"

namespace lwspool {

namespace {

// A store of all public authorities takes 0.7 MB.
constexpr size_t kKept = 16;

// Adds every certificate of a PEM text; returns how many there were.
int addCertificates(X509_STORE* store, const std::string& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  int count = 0;
  while (X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
    count++;
  }
  BIO_free(bio);
  ERR_clear_error();  // the end of the text is an error to PEM_read_bio
  return count;
}

Authorities newStore() {
  X509_STORE* const store = X509_STORE_new();
  if (store == nullptr) throw std::bad_alloc();
  return {store, X509_STORE_free};
}

Recent<X509_STORE>& stores() {
  static Recent<X509_STORE> stores(kKept);
  return stores;
}

}  // namespace

Authorities authoritiesOf(const std::vector<std::string>& pems) {
  struct Empty {};
  try {
    return stores().get(Digest().add(pems).take(), [&pems] {
      Authorities store = newStore();
      for (const std::string& pem : pems) {
        if (addCertificates(store.get(), pem) == 0) throw Empty();
      }
      return store;
    });
  } catch (const Empty&) {
    return nullptr;
  }
}

Authorities nodeAuthorities(const std::vector<std::string>& pems, bool openSslPaths) {
  const std::string digest = Digest().add(pems).add("node").add(openSslPaths).take();
  return stores().get(digest, [&] {
    Authorities store = newStore();
    for (const std::string& pem : pems) addCertificates(store.get(), pem);
    if (openSslPaths) X509_STORE_set_default_paths(store.get());
    ERR_clear_error();  // files that are not there are none
    return store;
  });
}

}  // namespace lwspool

#include "certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>

namespace {

constexpr long kValidSeconds = 24 * 60 * 60;

void addExtension(X509* certificate, int kind, const char* value) {
  X509V3_CTX names;
  X509V3_set_ctx_nodb(&names);
  X509V3_set_ctx(&names, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &names, kind, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* makeCertificate(EVP_PKEY* key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kValidSeconds);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* localhost = reinterpret_cast<const unsigned char*>("localhost");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, localhost, -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  addExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  addExtension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_sign(certificate, key, EVP_sha256());
  return certificate;
}

}  // namespace

void useNewCertificate(SSL_CTX* context, const std::string& path) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = makeCertificate(key);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  if (!path.empty()) {
    FILE* file = std::fopen(path.c_str(), "w");
    if (file != nullptr) {
      PEM_write_X509(file, certificate);
      std::fclose(file);
    }
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
}

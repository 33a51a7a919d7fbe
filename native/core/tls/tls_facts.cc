#include "tls_facts.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>

#include "key_shares.h"

namespace lwspool {

namespace {

// Of the process; a thread that comes first makes it.
int verifyErrorIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

std::string text(const char* from) { return from != nullptr ? from : ""; }

std::string bytes(const unsigned char* from, size_t size) {
  return {reinterpret_cast<const char*>(from), size};
}

std::string encoded(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return {};
  std::string copy = bytes(der, static_cast<size_t>(size));
  OPENSSL_free(der);
  return copy;
}

std::vector<std::string> peerChain(const SSL* ssl) {
  std::vector<std::string> chain;
  X509* const leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return chain;
  chain.push_back(encoded(leaf));
  STACK_OF(X509)* const sent = SSL_get_peer_cert_chain(ssl);
  // A server's list begins with the first one above the client's own.
  for (int i = SSL_is_server(ssl) ? 0 : 1; i < sk_X509_num(sent); i++) {
    chain.push_back(encoded(sk_X509_value(sent, i)));
  }
  return chain;
}

std::string finishedBytes(const SSL* ssl, size_t (*get)(const SSL*, void*, size_t)) {
  unsigned char buffer[EVP_MAX_MD_SIZE];
  return bytes(buffer, get(ssl, buffer, sizeof buffer));
}

}  // namespace

TlsFacts readTlsFacts(SSL* ssl) {
  TlsFacts facts;
  facts.protocol = SSL_get_version(ssl);
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl)) {
    facts.cipher = text(SSL_CIPHER_get_name(cipher));
    facts.cipherStandard = text(SSL_CIPHER_standard_name(cipher));
  }
  facts.group = keyExchangeGroup(ssl);
  const unsigned char* data = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &data, &size);
  if (data != nullptr) facts.alpn = bytes(data, size);
  facts.servername = text(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  facts.chain = peerChain(ssl);
  facts.verifyResult = verifyResult(ssl);
  facts.verifyText = X509_verify_cert_error_string(facts.verifyResult);
  facts.sessionReused = SSL_session_reused(ssl) == 1;
  facts.finished = finishedBytes(ssl, SSL_get_finished);
  facts.peerFinished = finishedBytes(ssl, SSL_get_peer_finished);
  unsigned char* response = nullptr;
  const long length = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
  if (response != nullptr && length > 0) {
    facts.ocspResponse = bytes(response, static_cast<size_t>(length));
  }
  return facts;
}

void keepVerifyError(SSL* ssl, int error) {
  SSL_set_ex_data(ssl, verifyErrorIndex(), reinterpret_cast<void*>(static_cast<intptr_t>(error)));
}

long verifyResult(const SSL* ssl) {
  const auto kept = reinterpret_cast<intptr_t>(SSL_get_ex_data(ssl, verifyErrorIndex()));
  return kept != 0 ? static_cast<long>(kept) : SSL_get_verify_result(ssl);
}

size_t pendingBytes(const SSL* ssl) { return static_cast<size_t>(SSL_pending(ssl)); }

std::string exportSession(SSL* ssl) {
  SSL_SESSION* const session = SSL_get1_session(ssl);
  std::string copy;
  if (session != nullptr && SSL_SESSION_is_resumable(session) == 1) {
    unsigned char* der = nullptr;
    const int size = i2d_SSL_SESSION(session, &der);
    if (size > 0) copy = bytes(der, static_cast<size_t>(size));
    OPENSSL_free(der);
  }
  SSL_SESSION_free(session);
  return copy;
}

}  // namespace lwspool

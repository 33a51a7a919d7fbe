// What OpenSSL knows of a connection's TLS, for the holder of a lease. Any thread; the caller has
// the right to use the SSL object, and the handshake is over.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace lwspool {

// None of it changes after the handshake: it need be read only once.
struct TlsFacts {
  std::string protocol;        // "TLSv1.3"
  std::string cipher;          // as OpenSSL names it
  std::string cipherStandard;  // as IANA does
  std::string group;           // of the key exchange; empty: RSA, or not known
  std::string alpn;            // empty: none was agreed on
  std::string servername;      // as it was sent; empty: it was not
  // DER, the peer's own first, then as it sent the others. Empty: it sent none. A session that was
  // resumed from its export holds the first one alone.
  std::vector<std::string> chain;
  long verifyResult = 0;   // X509_V_…
  std::string verifyText;  // what that means
  bool sessionReused = false;
  std::string finished;      // verify_data of our Finished
  std::string peerFinished;  // and of the peer's
  std::string ocspResponse;  // DER, stapled by the peer; empty: none
};

TlsFacts readTlsFacts(SSL* ssl);

// Keeps what verification found wrong where it is told to go on as if nothing were; the last one
// counts, as with SSL_get_verify_result(3). Worker thread, within the handshake.
void keepVerifyError(SSL* ssl, int error);

// What verification found, X509_V_…: that which was kept, or SSL_get_verify_result(3).
long verifyResult(const SSL* ssl);

// Bytes that OpenSSL has decrypted and that a read gives out without asking the kernel.
size_t pendingBytes(const SSL* ssl);

// The session as i2d_SSL_SESSION(3) writes it. Empty while it cannot be resumed: in TLS 1.3 until
// the server's ticket has come, which a read takes in.
std::string exportSession(SSL* ssl);

}  // namespace lwspool

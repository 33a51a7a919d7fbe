#include "tls_actions.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>

#include "../base/errno_name.h"
#include "../bio/chain.h"
#include "../bio/socket.h"
#include "../io/transport.h"
#include "../tls/tls_reason.h"

namespace lwspool {

namespace {

using Status = TlsResult::Status;

// Before each call: what this thread's other users of OpenSSL left would be taken for its errors.
// What is half received may be read on, but not for ever.
void begin(const SSL* ssl) {
  if (bio::Socket* const socket = bio::Socket::of(ssl)) socket->grant(bio::Socket::kPerTurn);
  ERR_clear_error();
  errno = 0;
}

TlsResult refusal() { return {Status::failed, tlsReason()}; }

// What a call came to that may have talked to the kernel.
TlsResult outcome(const SSL* ssl, int result) {
  const int error = errno;
  const int kind = SSL_get_error(ssl, result);
  if (kind == SSL_ERROR_SSL) return refusal();
  ERR_clear_error();
  switch (kind) {
    case SSL_ERROR_NONE:
      return {Status::done, {}};
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {Status::again, {}};
    default:
      return {Status::failed, error != 0 ? errnoName(error) : "the connection is lost"};
  }
}

// Goes on with a message that is half sent, or half received, after the handshake.
TlsResult finishMessage(SSL* ssl) {
  begin(ssl);
  return outcome(ssl, SSL_do_handshake(ssl));
}

// Whether part of a record waits to be written. OpenSSL has no question for it: SSL_want_write(3)
// forgets it at the next read, and SSL_free_buffers(3) refuses while a record waits on either side.
// Where one is half read this cannot tell, and says no.
bool recordWaits(SSL* ssl) {
  return SSL_want_write(ssl) || (bio::atBoundary(ssl) && SSL_free_buffers(ssl) == 0);
}

bool isKeyUpdate(OSSL_HANDSHAKE_STATE state) {
  return state == TLS_ST_CW_KEY_UPDATE || state == TLS_ST_SW_KEY_UPDATE;
}

}  // namespace

TlsResult exportKeyingMaterial(SSL* ssl, uint8_t* out, size_t length, std::string_view label,
                               const uint8_t* context, size_t contextLength, bool useContext) {
  if (useContext && contextLength > UINT16_MAX) return {Status::failed, "context too long"};
  begin(ssl);
  const int result = SSL_export_keying_material(ssl, out, length, label.data(), label.size(),
                                                context, contextLength, useContext ? 1 : 0);
  if (result != 1) return refusal();
  ERR_clear_error();
  return {Status::done, {}};
}

TlsResult updateKeys(SSL* ssl, bool requestPeer) {
  if (SSL_in_init(ssl)) {
    const bool begun = isKeyUpdate(SSL_get_state(ssl));
    TlsResult result = finishMessage(ssl);
    if (begun || result.status != Status::done) return result;
  }
  if (SSL_version(ssl) == TLS1_3_VERSION && recordWaits(ssl)) return {Status::again, {}};
  begin(ssl);
  if (SSL_key_update(ssl, requestPeer ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) !=
      1) {
    // Where recordWaits() could not tell.
    if (ERR_GET_REASON(ERR_peek_last_error()) != SSL_R_BAD_WRITE_RETRY) return refusal();
    ERR_clear_error();
    return {Status::again, {}};
  }
  // It would leave with the next write; nobody knows when that is.
  return finishMessage(ssl);
}

TlsResult shutdownTls(SSL* ssl) {
  if (SSL_in_init(ssl)) {
    TlsResult result = finishMessage(ssl);
    if (result.status != Status::done) return result;
  }
  const bool begun = (SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN) != 0;
  const bool waits = recordWaits(ssl);
  // Once it has left, SSL_shutdown() would read, and fail at data that the holder has yet to read.
  if (begun && !waits) return {Status::done, {}};
  // Once it has begun, SSL_write() would not finish the record that is in the way.
  if (!begun && waits) return {Status::again, {}};
  begin(ssl);
  const int result = SSL_shutdown(ssl);
  // 0: ours has left, the peer's has not come.
  return outcome(ssl, result == 0 ? 1 : result);
}

}  // namespace lwspool

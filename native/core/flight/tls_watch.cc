#include "tls_watch.h"

#include <openssl/ssl.h>

#include <mutex>

#include "../lease/lease_cell.h"

namespace lwspool {

namespace {

void write(LeaseCell& cell, int sent, int type, const unsigned char* bytes, size_t size) {
  if (!cell.flight) return;
  uint32_t what = 0;
  if (type == SSL3_RT_HANDSHAKE && size > 0) what = bytes[0];
  if (type == SSL3_RT_ALERT && size > 1) what = uint32_t{bytes[0]} << 8 | bytes[1];
  cell.flight->note(sent != 0 ? Flight::tlsSent : Flight::tlsReceived,
                    static_cast<uint32_t>(type) << 16 | what, static_cast<uint32_t>(size));
}

template <Lock lock>
void onMessage(int sent, int, int type, const void* bytes, size_t size, SSL*, void* cell) {
  // Above 255 are OpenSSL's own: the header of each record, and its inner type.
  if (type > 255 || cell == nullptr) return;
  auto& own = *static_cast<LeaseCell*>(cell);
  std::unique_lock taken(own.mutex, std::defer_lock);
  if (lock == Lock::take) taken.lock();
  write(own, sent, type, static_cast<const unsigned char*>(bytes), size);
}

}  // namespace

void watchTls(SSL* ssl, LeaseCell& cell, Lock lock) {
  SSL_set_msg_callback(ssl, lock == Lock::take ? onMessage<Lock::take> : onMessage<Lock::held>);
  SSL_set_msg_callback_arg(ssl, &cell);
}

void unwatchTls(SSL* ssl) {
  SSL_set_msg_callback(ssl, nullptr);
  SSL_set_msg_callback_arg(ssl, nullptr);
}

}  // namespace lwspool

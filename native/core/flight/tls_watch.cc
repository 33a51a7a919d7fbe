#include "tls_watch.h"

#include <openssl/ssl.h>

#include <mutex>

#include "recorded.h"

namespace lwspool {

namespace {

void write(Recorded& slot, int sent, int type, const unsigned char* bytes, size_t size) {
  if (!slot.flight) return;
  uint32_t what = 0;
  if (type == SSL3_RT_HANDSHAKE && size > 0) what = bytes[0];
  if (type == SSL3_RT_ALERT && size > 1) what = uint32_t{bytes[0]} << 8 | bytes[1];
  slot.flight->note(sent != 0 ? Flight::tlsSent : Flight::tlsReceived,
                    static_cast<uint32_t>(type) << 16 | what, static_cast<uint32_t>(size));
}

template <Lock lock>
void onMessage(int sent, int, int type, const void* bytes, size_t size, SSL*, void* slot) {
  // Above 255 are OpenSSL's own: the header of each record, and its inner type.
  if (type > 255 || slot == nullptr) return;
  auto& own = *static_cast<Recorded*>(slot);
  std::unique_lock taken(own.mutex, std::defer_lock);
  if (lock == Lock::take) taken.lock();
  write(own, sent, type, static_cast<const unsigned char*>(bytes), size);
}

}  // namespace

void watchTls(SSL* ssl, Recorded& slot, Lock lock) {
  SSL_set_msg_callback(ssl, lock == Lock::take ? onMessage<Lock::take> : onMessage<Lock::held>);
  SSL_set_msg_callback_arg(ssl, &slot);
}

void unwatchTls(SSL* ssl) {
  SSL_set_msg_callback(ssl, nullptr);
  SSL_set_msg_callback_arg(ssl, nullptr);
}

}  // namespace lwspool

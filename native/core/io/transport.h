// Moves bytes between memory and a connection's descriptor, through TLS where there is some.
// The caller holds the right to use both. Worker thread, or a test.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "../base/io_result.h"

namespace lwspool {

// Fills `first`, then `second` with what can be had without waiting. With TLS, as many records as
// fit, and only `first` if it is not empty.
IoResult receive(int fd, SSL* ssl, std::span<uint8_t> first, std::span<uint8_t> second);
inline IoResult receive(int fd, SSL* ssl, uint8_t* buffer, size_t capacity) {
  return receive(fd, ssl, {buffer, capacity}, {});
}

// Writes what can be written without waiting.
IoResult transmit(int fd, SSL* ssl, const uint8_t* bytes, size_t size);

// TLS: true where bytes wait inside OpenSSL that no poller will report.
bool hasPending(const SSL* ssl);

// TLS: gives back the buffers for records, 16 KiB each, if nothing is in them. OpenSSL does so
// after each read and write of ours, but not after a ticket or another message of its own has come,
// for which it makes both.
void releaseBuffers(SSL* ssl);

// Tells a TLS peer that nothing more will be sent (RFC 8446, 6.1); its answer is not waited for.
void sendCloseNotify(SSL* ssl);

// The same for both: close_notify where there is TLS, then FIN.
void shutdownWrite(int fd, SSL* ssl);

}  // namespace lwspool

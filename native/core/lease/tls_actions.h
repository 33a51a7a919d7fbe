// What the holder of a lease can have OpenSSL do, other than to move data (../io/transport.h). Any
// thread; the caller has the right to use the SSL object, and the handshake is over.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lwspool {

struct TlsResult {
  enum class Status : uint8_t {
    done,
    again,  // the kernel takes nothing now: call again once it does. Rarely, a message of the
            // peer's has come in half, and the rest has to be read first
    failed  // `reason` says why
  };
  Status status;
  std::string reason;  // OpenSSL's, or the name of an errno
};

// Fills `out` with keying material (RFC 5705; RFC 8446, 7.5). No context and an empty one differ in
// TLS 1.2 alone. OpenSSL refuses more than 255 hashes in TLS 1.3 (8,160 bytes with SHA-256, 12,240
// with SHA-384), labels over 249 bytes there, and in TLS 1.2 those of TLS itself, "key expansion"
// and the like. Over 65,535 bytes of context are refused here: OpenSSL would cut their length.
TlsResult exportKeyingMaterial(SSL* ssl, uint8_t* out, size_t length, std::string_view label,
                               const uint8_t* context, size_t contextLength, bool useContext);

// TLS 1.3: changes the keys we send with, and asks the peer to change its own (RFC 8446, 4.6.3).
//   done: the kernel has the KeyUpdate, and what is sent from now on has the new keys.
//   again: a record that transmit() could not finish is in the way: its bytes have to be given to
//     transmit() again first. Or part of the KeyUpdate itself waits: the next transmit(), receive()
//     or updateKeys() goes on with that one. Until it has left, none of them does anything else.
//   failed: refused, with nothing changed ("wrong ssl version": TLS 1.2), or the connection is
//   lost.
TlsResult updateKeys(SSL* ssl, bool requestPeer);

// Sends close_notify; nothing can be sent afterwards. The peer's own is not waited for: receive()
// says `ended` when it has come.
//   done: the kernel has it; so too at every further call.
//   again: as above; what transmit() could not finish is to be given to it again first. A caller
//     that has read since, and left records in OpenSSL, has to know of it by itself: this function
//     cannot see it then, and the connection would be lost.
//   failed: the connection is lost.
TlsResult shutdownTls(SSL* ssl);

}  // namespace lwspool

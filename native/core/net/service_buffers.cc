// OpenSSL's buffers, 34 KB for each connection. They are given back behind every message
// (SSL_MODE_RELEASE_BUFFERS), except by the few connections that are busiest: to take and give back
// that much memory costs a thirtieth of a small message there and back.
#include <openssl/ssl.h>

#include "../io/transport.h"
#include "connection_guard.h"
#include "service.h"

namespace lwspool {

namespace {

// Connections that keep theirs at a time, and for how long: milliseconds.
constexpr size_t kMost = 64;
constexpr uint64_t kPatience = 1000;

}  // namespace

// Something was read from it. Who comes first is busy.
void Service::keepBuffers(Connection& connection) {
  if (connection.keepsBuffers || buffered_.size() == kMost) return;
  if (buffered_.empty()) buffersUntil_ = now_ + kPatience;
  connection.keepsBuffers = true;
  buffered_.push_back(connection.id);
  SSL_clear_mode(connection.ssl, SSL_MODE_RELEASE_BUFFERS);
}

void Service::giveBackBuffers() {
  if (buffersUntil_ == 0 || now_ < buffersUntil_) return;
  buffersUntil_ = 0;
  std::vector<ConnectionId> buffered;
  buffered.swap(buffered_);
  for (const ConnectionId id : buffered) {
    Connection* const connection = find(id);
    if (connection == nullptr || !connection->established()) continue;
    if (ConnectionGuard guard(*connection); guard) {
      connection->keepsBuffers = false;
      SSL_set_mode(connection->ssl, SSL_MODE_RELEASE_BUFFERS);
      releaseBuffers(connection->ssl);
    } else {
      // Leased: later.
      buffered_.push_back(id);
      buffersUntil_ = now_ + kPatience;
    }
  }
}

}  // namespace lwspool

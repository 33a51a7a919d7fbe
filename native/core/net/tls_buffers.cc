#include "tls_buffers.h"

#include <openssl/ssl.h>

#include <utility>

#include "../io/transport.h"
#include "connection_guard.h"

namespace lwspool {

namespace {

// Connections that keep theirs at a time, and for how long: milliseconds.
constexpr size_t kMost = 64;
constexpr uint64_t kPatience = 1000;

}  // namespace

void TlsBuffers::keep(Connection& connection) {
  if (connection.input.keepsBuffers() || kept_.size() == kMost) return;
  if (kept_.empty()) until_ = turn_.now + kPatience;
  connection.input.keepBuffers(true);
  kept_.push_back(connection.id);
  SSL_clear_mode(connection.ssl(), SSL_MODE_RELEASE_BUFFERS);
}

void TlsBuffers::giveBack() {
  if (until_ == 0 || turn_.now < until_) return;
  until_ = 0;
  const std::vector<ConnectionId> kept = std::exchange(kept_, {});
  for (const ConnectionId id : kept) {
    Connection* const connection = table_.find(id);
    if (connection == nullptr || !connection->established()) continue;
    if (ConnectionGuard guard(*connection); guard) {
      connection->input.keepBuffers(false);
      SSL_set_mode(connection->ssl(), SSL_MODE_RELEASE_BUFFERS);
      releaseBuffers(connection->ssl());
    } else {
      // Leased: later.
      kept_.push_back(id);
      until_ = turn_.now + kPatience;
    }
  }
}

}  // namespace lwspool

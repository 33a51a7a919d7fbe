// What the holder of a lease does through TLS, and with the BIOs below it.
#include <openssl/ssl.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "leases.h"

namespace lwspool {

Leases::Outcome Leases::readTls(const LeaseName& name, uint8_t* out, size_t capacity,
                                IoResult& result) {
  return withBytes(name, [&](LeaseCell& cell) {
    if (capacity == 0) return EINVAL;
    result = receive(cell.fd, cell.ssl, out, capacity);
    if (result.status == IoResult::Status::done) {
      cell.note(Flight::read, result.bytes, 0, kMovedByHolder);
      cell.hold().hasRead(out, result.bytes);
    } else if (result.status == IoResult::Status::broken) {
      cell.hold().lost("read", result.error, result.reason);
    } else if (result.status != IoResult::Status::again) {
      cell.needsService = true;  // OpenSSL has the end now, and no poller reports it to the worker
    }
    return 0;
  });
}

Leases::Outcome Leases::writeTls(const LeaseName& name, const uint8_t* bytes, size_t size,
                                 IoResult& result) {
  return withBytes(name, [&](LeaseCell& cell) {
    if (size == 0) return EINVAL;
    result = transmit(cell.fd, cell.ssl, bytes, size);
    if (result.status == IoResult::Status::broken) {
      cell.hold().lost("write", result.error, result.reason);
    }
    // A record that is begun has to be finished with the same bytes.
    cell.hold().writePending(result.status == IoResult::Status::again);
    if (result.status != IoResult::Status::done) return 0;
    cell.note(Flight::written, result.bytes, static_cast<uint32_t>(size), kMovedByHolder);
    cell.hold().hasWritten(bytes, result.bytes);
    return 0;
  });
}

Leases::Outcome Leases::updateKeys(const LeaseName& name, bool requestPeer, TlsResult& result) {
  return withBytes(name, [&](LeaseCell& cell) {
    Holding& held = cell.hold();
    result = {TlsResult::Status::again, {}};
    const bool begun = held.keysPending();
    if (begun || !held.writePending()) result = lwspool::updateKeys(cell.ssl, requestPeer);
    // Where it has begun it has to be finished, by this or by the next write. Else another record
    // is in the way.
    const bool pending = result.status == TlsResult::Status::again && SSL_in_init(cell.ssl) != 0;
    if (begun || pending) held.keysPending(pending);
    return 0;
  });
}

Leases::Outcome Leases::shutdownTls(const LeaseName& name, TlsResult& result) {
  return withBytes(name, [&](LeaseCell& cell) {
    Holding& held = cell.hold();
    result = {TlsResult::Status::again, {}};
    if (!held.writePending()) result = lwspool::shutdownTls(cell.ssl);
    if (result.status == TlsResult::Status::done) held.taint("TLS was shut down");
    return 0;
  });
}

// --- BIOs ----------------------------------------------------------------------------------------

Leases::Outcome Leases::pushBio(const LeaseName& name, std::shared_ptr<bio::Layer> layer,
                                bio::Refused& refused) {
  return withSecure(name, true, [&](LeaseCell& cell) {
    if (layer->bound() && side_ == Source::main) {
      refused = "a BIO of JavaScript is pushed in a handler alone";
      return 0;
    }
    refused = cell.hold().writePending() ? "a write has to be finished first"
                                         : bio::Chain::push(cell.ssl, std::move(layer));
    return 0;
  });
}

Leases::Outcome Leases::popBio(const LeaseName& name, std::shared_ptr<bio::Layer>& out,
                               bio::Refused& refused) {
  return withBytes(name, [&](LeaseCell& cell) {
    refused = cell.hold().writePending() ? "a write has to be finished first"
                                         : bio::Chain::pop(cell.ssl, out);
    return 0;
  });
}

}  // namespace lwspool

// How a chain grows and shrinks.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <utility>

#include "chain.h"
#include "method.h"

namespace lwspool::bio {

namespace {

// Each calls the one below it, on the worker's stack.
constexpr size_t kMostLayers = 16;

// OpenSSL buffers its own messages while it shakes hands or changes keys, in a BIO of its own.
bool settled(SSL* ssl) {
  return SSL_in_before(ssl) != 0 || (SSL_in_init(ssl) == 0 && SSL_want_write(ssl) == 0);
}

}  // namespace

Refused Chain::push(SSL* ssl, std::shared_ptr<Layer> layer) {
  BIO* const below = SSL_get_rbio(ssl);
  if (below == nullptr || below != SSL_get_wbio(ssl)) return "it reads and writes different BIOs";
  if (!settled(ssl)) return "OpenSSL is in the middle of a message";
  if (layer->wantsBoundary() && SSL_in_before(ssl) == 0 && !atBoundary(ssl)) {
    return "part of a record was read, and this BIO has to begin between two";
  }
  auto* chain = reference(ssl);
  if (chain != nullptr && (*chain)->layers_.size() == kMostLayers) {
    return "there are 16 BIOs on this connection, and may be no more";
  }
  if (chain == nullptr) {
    chain = new std::shared_ptr<Chain>(std::make_shared<Chain>());
    if (!attach(ssl, chain)) {
      delete chain;
      return "OpenSSL has no memory";
    }
  }
  if (!layer->join()) return "it is in use on a connection";
  BIO* const top = makeBio(layer, *chain, below);
  if (top == nullptr) {
    layer->leave();
    return "OpenSSL makes no BIO";
  }
  (*chain)->layers_.push_back(std::move(layer));
  // The SSL object has a reference for each direction, and gives up both of the old top; the chain
  // needs one of its own.
  BIO_up_ref(below);
  BIO_push(top, below);
  SSL_set_bio(ssl, top, top);
  return nullptr;
}

Refused Chain::pop(SSL* ssl, std::shared_ptr<Layer>& out) {
  Chain* const chain = of(ssl);
  if (chain == nullptr || chain->layers_.empty()) return "there is no BIO to pop";
  BIO* const top = SSL_get_rbio(ssl);
  if (top != SSL_get_wbio(ssl) || layerOf(top) != chain->layers_.back().get()) {
    return "its BIOs were changed by somebody else";
  }
  if (!settled(ssl)) return "OpenSSL is in the middle of a message";
  if (chain->layers_.back()->unread() > 0) return "it holds bytes that were not read";
  if (chain->layers_.back()->detached() && chain->layers_.back()->kept() > 0) {
    return "it holds bytes that nobody has taken";
  }
  // What JavaScript keeps it alone knows.
  if (chain->kept() > 0 || chain->layers_.back()->kind() == Kind::custom) {
    ERR_clear_error();
    if (BIO_flush(top) <= 0 || chain->kept() > 0) {
      return "it holds bytes that the kernel does not take now";
    }
  }
  out = std::move(chain->layers_.back());
  out->leave();
  chain->layers_.pop_back();
  chain->last_ = nullptr;
  // Its reference to the next one becomes that of one direction; SSL_set_bio() adds the other.
  BIO* const next = BIO_pop(top);
  SSL_set_bio(ssl, next, next);
  return nullptr;
}

}  // namespace lwspool::bio

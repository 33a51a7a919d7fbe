#include "chain.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "socket.h"

namespace lwspool::bio {

namespace {

using Status = IoResult::Status;

void freeChain(void*, void* entry, CRYPTO_EX_DATA*, int, long, void*) {
  auto* const chain = static_cast<std::shared_ptr<Chain>*>(entry);
  // BIOs have it as well, and may be there for longer.
  if (chain != nullptr) (*chain)->abandoned();
  delete chain;
}

// Of the process; a thread that comes first makes it.
int chainIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, freeChain);
  return index;
}

}  // namespace

bool atBoundary(const SSL* ssl) {
  return SSL_has_pending(ssl) == 0 && std::strcmp(SSL_rstate_string(ssl), "RH") == 0;
}

// --- what a layer calls --------------------------------------------------------------------------

IoResult Below::outcome(int result) {
  if (result > 0) {
    if (end_) chain_.moved_ = true;
    return {Status::done, static_cast<size_t>(result)};
  }
  const int error = errno;
  if (BIO_should_retry(next_)) {
    if (end_) chain_.asked_ = true;
    return {Status::again};
  }
  if (BIO_eof(next_)) return {Status::ended};
  return {Status::broken, 0, error != 0 ? error : EIO};
}

IoResult Below::read(uint8_t* out, size_t capacity) {
  if (next_ == nullptr) return {Status::broken, 0, ENOTCONN};
  errno = 0;
  const int room = static_cast<int>(std::min<size_t>(capacity, INT_MAX));
  const int result = BIO_read(next_, out, room);
  return outcome(result);
}

IoResult Below::write(const uint8_t* bytes, size_t size) {
  if (next_ == nullptr) return {Status::broken, 0, ENOTCONN};
  errno = 0;
  const int result = BIO_write(next_, bytes, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  IoResult moved = outcome(result);
  // The end of what comes in says nothing of what goes out.
  if (moved.status == Status::ended) moved = {Status::broken, 0, errno != 0 ? errno : EPIPE};
  return moved;
}

// --- the chain -----------------------------------------------------------------------------------

std::shared_ptr<Chain>* Chain::reference(const SSL* ssl) {
  return static_cast<std::shared_ptr<Chain>*>(SSL_get_ex_data(ssl, chainIndex()));
}

bool Chain::attach(SSL* ssl, std::shared_ptr<Chain>* chain) {
  if (SSL_set_ex_data(ssl, chainIndex(), chain) != 1) return false;
  (*chain)->ssl_ = ssl;
  return true;
}

Chain* Chain::of(const SSL* ssl) {
  if (ssl == nullptr) return nullptr;
  const auto* const chain = reference(ssl);
  return chain != nullptr ? chain->get() : nullptr;
}

bool Chain::handshaking() const { return ssl_ != nullptr && SSL_in_init(ssl_) != 0; }

void Chain::clear(SSL* ssl) {
  Chain* const chain = of(ssl);
  BIO* const end = socketBio(ssl);
  if (chain == nullptr || chain->layers_.empty() || end == nullptr) return;
  for (const auto& layer : chain->layers_) layer->leave();
  chain->layers_.clear();
  BIO_up_ref(end);
  SSL_set_bio(ssl, end, end);
}

Chain::~Chain() {
  for (const auto& layer : layers_) layer->leave();
}

bool Chain::readsAhead() const {
  return std::any_of(layers_.begin(), layers_.end(),
                     [](const auto& one) { return one->kind() == Kind::custom; });
}

bool Chain::bound() const {
  return std::any_of(layers_.begin(), layers_.end(), [](const auto& one) { return one->bound(); });
}

bool Chain::detached() const {
  return std::any_of(layers_.begin(), layers_.end(),
                     [](const auto& one) { return one->detached(); });
}

bool Chain::looksOn() const {
  return std::all_of(layers_.begin(), layers_.end(),
                     [](const auto& one) { return one->looksOn(); });
}

size_t Chain::kept() const {
  size_t bytes = queue_.size();
  for (const auto& layer : layers_) bytes += layer->kept();
  return bytes;
}

size_t Chain::unread() const {
  size_t bytes = 0;
  for (const auto& layer : layers_) bytes += layer->unread();
  return bytes;
}

IoResult Chain::flush(SSL* ssl) {
  BIO* const top = SSL_get_wbio(ssl);
  errno = 0;
  if (BIO_flush(top) > 0) return {Status::done};
  const int error = errno;
  if (BIO_should_retry(top)) return {Status::again};
  return {Status::broken, 0, error != 0 ? error : EIO};
}

uint32_t Chain::nextDelay() {
  // So many may happen to a BIO that is waiting for the other end of something.
  constexpr uint32_t kMany = 16;
  constexpr uint32_t kLongest = 128;  // ms
  if (const uint32_t asked = std::exchange(retryAfter_, 0); asked > 0) return asked;
  const uint32_t retries = ownRetries();
  if (retries >= kMany) {
    const bool known = std::any_of(layers_.begin(), layers_.end(),
                                   [&](const auto& one) { return one.get() == culprit_; });
    const Kind culprit = known ? culprit_->kind() : Kind::custom;
    notice("BIO_RETRIES",
           std::string("The BIO \"") + nameOf(culprit) +
               "\" says again and again that it has to be called again, although the descriptor is "
               "ready: it is called less and less often. It may say so only after it has read from "
               "what lies below it until there was nothing, or written until nothing was taken.");
  }
  return retries == 0 ? 1 : std::min(kLongest, 1u << std::min(retries - 1, 7u));
}

void Chain::notice(const char* code, std::string text) {
  const bool known = std::any_of(told_.begin(), told_.end(),
                                 [&](const char* one) { return std::strcmp(one, code) == 0; });
  if (known) return;
  told_.push_back(code);
  notices_.push_back({code, std::move(text)});
}

std::vector<Chain::Notice> Chain::takeNotices() { return std::exchange(notices_, {}); }

size_t keptBy(const SSL* ssl) {
  const Chain* const chain = Chain::of(ssl);
  return chain != nullptr ? chain->kept() : 0;
}

const ErrorInfo* faultOf(const SSL* ssl) {
  const Chain* const chain = Chain::of(ssl);
  if (chain != nullptr && chain->fault) return &chain->fault;
  const Socket* const socket = Socket::of(ssl);
  return socket != nullptr ? socket->fault() : nullptr;
}

BIO* socketBio(const SSL* ssl) {
  BIO* const top = SSL_get_rbio(ssl);
  return top != nullptr ? BIO_find_type(top, BIO_TYPE_DESCRIPTOR) : nullptr;
}

}  // namespace lwspool::bio

#include "tls_secrets.h"

#include <openssl/ssl.h>

#include <memory>
#include <new>
#include <string>

#include "../base/barrier.h"
#include "../bio/capture.h"
#include "../net/connection.h"
#include "tls_observer.h"

namespace lwspool {

namespace {

void freeSinks(void*, void* sinks, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<SecretSinks*>(sinks);
}

int sinksIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, freeSinks);
  return index;
}

// Worker thread, within SSL_connect().
void onSecret(const SSL* ssl, const char* line) {
  const auto* sinks =
      static_cast<const SecretSinks*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), sinksIndex()));
  if (sinks == nullptr) return;
  if (sinks->captures) bio::tellSecret(ssl, line);
  Connection* const connection = openedWith(ssl);
  if (sinks->told && connection != nullptr) connection->opening->secrets.emplace_back(line);
  if (sinks->file == nullptr) return;
  const std::string why = sinks->file->write(line);
  if (why.empty() || connection == nullptr) return;
  connection->owner()->warned(*connection, "KEYLOG",
                              "The key log " + sinks->file->path() + " does not take its keys (" +
                                  why +
                                  "). The connection goes on; others are tried, and this is "
                                  "not told again.");
}

}  // namespace

void observeSecrets(SSL_CTX* context, const SecretSinks& sinks) {
  auto own = std::make_unique<SecretSinks>(sinks);
  if (SSL_CTX_set_ex_data(context, sinksIndex(), own.get()) != 1) throw std::bad_alloc();
  own.release();
  SSL_CTX_set_keylog_callback(context, [](const SSL* ssl, const char* line) {
    Barrier::guard([=] { onSecret(ssl, line); });
  });
}

}  // namespace lwspool

// Where the secrets of connections go, and only those of contexts that ask for it: into captures,
// into a key log, to the connection's user. OpenSSL tells them line by line, in the NSS key log
// format, while a handshake makes them (SSL_CTX_set_keylog_callback(3)).
#pragma once

#include <openssl/types.h>

#include <memory>

#include "../keylog/keylog_file.h"

namespace lwspool {

struct SecretSinks {
  bool captures = false;  // BIOs of kind capture
  bool told = false;      // EventSink::keylog()
  std::shared_ptr<KeylogFile> file;

  bool any() const { return captures || told || file != nullptr; }
};

// The SSL_CTX has a copy, which lives as long as the last SSL object of it. Any thread, before the
// context is used.
void observeSecrets(SSL_CTX*, const SecretSinks&);

}  // namespace lwspool

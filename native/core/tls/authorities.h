// The certificates that are trusted, as OpenSSL wants them. Reading a bundle of them takes tens of
// milliseconds and most of a megabyte, so all who trust the same share what was read. Any thread.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

namespace lwspool {

using Authorities = std::shared_ptr<X509_STORE>;

// Those of PEM texts; null where one of the texts holds no certificate.
Authorities authoritiesOf(const std::vector<std::string>& pems);

// Those that Node trusts: PEM, and with `openSslPaths` what SSL_CERT_FILE and SSL_CERT_DIR name, or
// OpenSSL's own paths (X509_STORE_set_default_paths(3)), of which the folder is read as
// certificates are looked for.
Authorities nodeAuthorities(const std::vector<std::string>& pems, bool openSslPaths);

}  // namespace lwspool

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

// Those that are trusted where no others are named: PEM, once per process, before the first client
// context.
void setDefaultAuthorities(const std::string& pem);
// Null: none were set.
Authorities defaultAuthorities();

}  // namespace lwspool

// The groups of the key exchange and the signature algorithms of an SSL_CTX, as node:tls names
// them: `ecdhCurve` and `sigalgs`. Any thread.
#pragma once

#include <openssl/types.h>

#include <string>

namespace lwspool {

// SSL_CTX_set1_groups_list(3). Throws TlsOptionError for `ecdhCurve`, which names the group that
// OpenSSL does not know.
void useGroups(SSL_CTX*, const std::string& groups);

// SSL_CTX_set1_sigalgs_list(3). Throws TlsOptionError for `sigalgs`, likewise.
void useSignatureAlgorithms(SSL_CTX*, const std::string& algorithms);

}  // namespace lwspool

#include "algorithms.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "option_error.h"
#include "tls_reason.h"

namespace lwspool {

namespace {

using Take = bool (*)(SSL_CTX*, const std::string&);

bool takeGroups(SSL_CTX* context, const std::string& list) {
  return SSL_CTX_set1_groups_list(context, list.c_str()) == 1;
}

bool takeAlgorithms(SSL_CTX* context, const std::string& list) {
  return SSL_CTX_set1_sigalgs_list(context, list.c_str()) == 1;
}

// The first entry that OpenSSL refuses by itself; empty: none, so it is the list as a whole. Since
// OpenSSL 3.5 a slash separates as well, and marks may stand before a name.
std::string culprit(SSL_CTX* context, const std::string& list, Take take) {
  for (size_t at = 0; at <= list.size();) {
    const size_t end = std::min(list.find_first_of(":/", at), list.size());
    std::string entry = list.substr(at, end - at);
    entry.erase(0, std::min(entry.find_first_not_of("?*-"), entry.size()));
    if (!entry.empty() && !take(context, entry)) return entry;
    at = end + 1;
  }
  return {};
}

void use(SSL_CTX* context, const std::string& list, Take take, const char* option,
         const char* kind) {
  ERR_clear_error();
  if (take(context, list)) return;
  const std::string reason = tlsReason();
  const std::string unknown = culprit(context, list, take);
  ERR_clear_error();
  if (unknown.empty()) throw TlsOptionError(option, reason);
  throw TlsOptionError(option, "OpenSSL " + std::string(OpenSSL_version(OPENSSL_VERSION_STRING)) +
                                   " has no " + kind + " \"" + unknown + '"');
}

}  // namespace

void useGroups(SSL_CTX* context, const std::string& groups) {
  use(context, groups, takeGroups, "ecdhCurve", "group");
}

void useSignatureAlgorithms(SSL_CTX* context, const std::string& algorithms) {
  use(context, algorithms, takeAlgorithms, "sigalgs", "signature algorithm");
}

}  // namespace lwspool

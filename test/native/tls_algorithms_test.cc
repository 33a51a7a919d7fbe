// Groups, signature algorithms and key shares, with real handshakes on both ends.
#include "../../native/core/tls/algorithms.h"
#include "../../native/core/tls/authorities.h"
#include "../../native/core/tls/key_shares.h"
#include "../../native/core/tls/option_error.h"
#include "tls_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// What is said of a list that OpenSSL does not take.
std::string refusal(void (*use)(SSL_CTX*, const std::string&), const std::string& list) {
  TlsEnds ends;
  try {
    use(ends.clients, list);
  } catch (const TlsOptionError& error) {
    return error.option + ": " + error.what();
  }
  return "taken";
}

bool ends(const std::string& text, const std::string& with) { return text.ends_with(with); }

}  // namespace

TEST_CASE("algorithms: a connection has the group that was asked for") {
  for (const char* const group : {"P-256", "X25519", "P-384"}) {
    TlsEnds bed;
    useGroups(bed.clients, group);
    bed.connect();
    const std::string name = keyExchangeGroup(bed.client);
    // OpenSSL takes the name that it gives.
    useGroups(bed.clients, name);
    bed.connect();
    CHECK_EQ(keyExchangeGroup(bed.client), name);
  }
}

TEST_CASE("algorithms: the error names the entry that OpenSSL does not know") {
  CHECK(ends(refusal(useGroups, "nowhere"), "has no group \"nowhere\""));
  CHECK(ends(refusal(useGroups, "P-256:nowhere:other"), "has no group \"nowhere\""));
  CHECK(ends(refusal(useGroups, "P-256/*nowhere"), "has no group \"nowhere\""));
  CHECK(ends(refusal(useGroups, std::string(2000, 'x')), std::string(2000, 'x') + '"'));
  CHECK(ends(refusal(useSignatureAlgorithms, "ed25519:nowhere"),
             "has no signature algorithm \"nowhere\""));
  CHECK(refusal(useGroups, "nowhere").starts_with("ecdhCurve: OpenSSL "));
  CHECK(refusal(useSignatureAlgorithms, "RSA-PSS+nowhere").starts_with("sigalgs: OpenSSL "));
  CHECK_EQ(refusal(useGroups, "P-256:X25519"), "taken");
  CHECK_EQ(refusal(useSignatureAlgorithms, "ed25519:RSA-PSS+SHA256"), "taken");
  // Nothing stays behind for whoever looks into the queue next.
  CHECK_EQ(ERR_peek_error(), 0u);
}

TEST_CASE("key shares: what is not on offer changes nothing, and all handshakes go on") {
  TlsEnds bed;
  const KeyShares shares(bed.clients);
  CHECK_EQ(ERR_peek_error(), 0u);
  for (const char* const group : {"", "nowhere", "x25519", "secp256r1"}) {
    bed.connect([&](SSL* ssl) {
      const bool chosen = shares.only(ssl, group);
      if (*group == '\0') CHECK_FALSE(chosen);
    });
    CHECK_FALSE(keyExchangeGroup(bed.client).empty());
  }
}

TEST_CASE("key shares: a context that speaks no TLS 1.3, or nothing at all, has none") {
  TlsEnds old(TLS1_2_VERSION);
  const KeyShares none(old.clients);
  old.connect([&](SSL* ssl) { CHECK_FALSE(none.only(ssl, "x25519")); });
  SSL_CTX_set_options(old.clients, SSL_OP_NO_TLSv1_2);
  const KeyShares nothing(old.clients);
  CHECK_EQ(ERR_peek_error(), 0u);
}

TEST_CASE("authorities: those of Node are the same for equal certificates and paths") {
  const Authorities one = nodeAuthorities({}, false);
  CHECK_EQ(nodeAuthorities({}, false), one);
  CHECK_NE(nodeAuthorities({}, true), one);
  CHECK_EQ(nodeAuthorities({}, true), nodeAuthorities({}, true));
  // No more than what nobody names.
  CHECK_EQ(authoritiesOf({"no certificate"}), nullptr);
  CHECK_EQ(ERR_peek_error(), 0u);
}

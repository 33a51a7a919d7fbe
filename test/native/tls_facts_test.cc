// What a lease tells of a connection's TLS, compared with what both ends know.
#include "../../native/core/tls/tls_facts.h"

#include "tls_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

const int kVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

// Chooses the last protocol that the client offers.
int chooseLast(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
               unsigned length, void*) {
  for (unsigned at = 0; at < length; at += 1u + in[at]) {
    *out = in + at + 1;
    *size = in[at];
  }
  return SSL_TLSEXT_ERR_OK;
}

int staple(SSL* ssl, void*) {
  constexpr std::string_view response = "not a real response";
  auto* const copy = static_cast<unsigned char*>(OPENSSL_memdup(response.data(), response.size()));
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(response.size()));
  return SSL_TLSEXT_ERR_OK;
}

SSL_SESSION* imported(const std::string& der) {
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  return d2i_SSL_SESSION(nullptr, &data, static_cast<long>(der.size()));
}

}  // namespace

TEST_CASE("tls facts: version, cipher, chain, Finished") {
  const Authority& authority = Authority::instance();
  for (const int version : kVersions) {
    TlsEnds ends(version);
    if (version == TLS1_2_VERSION) {
      SSL_CTX_set_cipher_list(ends.clients, "ECDHE-ECDSA-AES128-GCM-SHA256");
    } else {
      SSL_CTX_set_ciphersuites(ends.clients, "TLS_AES_128_GCM_SHA256");
    }
    SSL_CTX_set1_groups_list(ends.clients, "P-384:P-256");  // that of the certificates second
    ends.connect();
    const TlsFacts client = readTlsFacts(ends.client);
    const TlsFacts server = readTlsFacts(ends.server);
    if (version == TLS1_2_VERSION) {
      CHECK_EQ(client.protocol, "TLSv1.2");
      CHECK_EQ(client.cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
      CHECK_EQ(client.cipherStandard, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
      CHECK_EQ(client.finished.size(), 12u);
    } else {
      CHECK_EQ(client.protocol, "TLSv1.3");
      CHECK_EQ(client.cipher, "TLS_AES_128_GCM_SHA256");
      CHECK_EQ(client.cipherStandard, "TLS_AES_128_GCM_SHA256");
      CHECK_EQ(client.finished.size(), 32u);
    }
    CHECK(client.chain == std::vector<std::string>{authority.leaf.der(), authority.middle.der()});
    CHECK(server.chain.empty());
    CHECK_EQ(client.verifyResult, X509_V_OK);
    CHECK_EQ(client.verifyText, "ok");
    CHECK_EQ(client.alpn, "");
    CHECK_EQ(client.servername, "");
    CHECK_EQ(client.ocspResponse, "");
    CHECK_EQ(client.group, "secp384r1");
    CHECK_FALSE(client.sessionReused);
    CHECK(client.finished != client.peerFinished);
    CHECK_EQ(client.finished, server.peerFinished);
    CHECK_EQ(client.peerFinished, server.finished);
  }
}

TEST_CASE("tls facts: ALPN, SNI and a stapled response") {
  for (const int version : kVersions) {
    TlsEnds ends(version);
    SSL_CTX_set_alpn_select_cb(ends.servers, chooseLast, nullptr);
    SSL_CTX_set_tlsext_status_cb(ends.servers, staple);
    ends.connect([](SSL* ssl) {
      const unsigned char offered[] = "\x02h2\x08http/1.1";
      SSL_set_alpn_protos(ssl, offered, sizeof offered - 1);
      SSL_set_tlsext_host_name(ssl, "example.test");
      SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    });
    const TlsFacts facts = readTlsFacts(ends.client);
    CHECK_EQ(facts.alpn, "http/1.1");
    CHECK_EQ(facts.servername, "example.test");
    CHECK_EQ(facts.ocspResponse, "not a real response");
    CHECK_EQ(readTlsFacts(ends.server).alpn, "http/1.1");
  }
}

TEST_CASE("tls facts: a server sees the client's chain") {
  const Authority& authority = Authority::instance();
  for (const int version : kVersions) {
    TlsEnds ends(version);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ends.servers), authority.root.certificate);
    SSL_CTX_set_verify(ends.servers, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_use_certificate(ends.clients, authority.leaf.certificate);
    SSL_CTX_use_PrivateKey(ends.clients, authority.leaf.key);
    SSL_CTX_add1_chain_cert(ends.clients, authority.middle.certificate);
    ends.connect();
    CHECK(readTlsFacts(ends.server).chain ==
          std::vector<std::string>{authority.leaf.der(), authority.middle.der()});
  }
}

TEST_CASE("tls facts: what verification found, also where it was told to overlook it") {
  for (const bool overlooked : {false, true}) {
    TlsEnds ends;
    SSL_CTX_set_cert_store(ends.clients, X509_STORE_new());  // trusts nobody
    SSL_CTX_set_verify(ends.clients, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    if (overlooked) {
      SSL_CTX_set_verify(ends.clients, SSL_VERIFY_PEER, [](int accepted, X509_STORE_CTX* store) {
        if (accepted == 1) return 1;
        auto* const ssl = static_cast<SSL*>(
            X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        keepVerifyError(ssl, X509_STORE_CTX_get_error(store));
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
      });
    }
    ends.connect();
    CHECK_EQ(SSL_get_verify_result(ends.client) == X509_V_OK, overlooked);
    const TlsFacts facts = readTlsFacts(ends.client);
    CHECK(facts.verifyResult != X509_V_OK);
    CHECK_EQ(facts.verifyText, X509_verify_cert_error_string(facts.verifyResult));
  }
}

TEST_CASE("tls facts: a session is exported once it can be resumed, and then is") {
  for (const int version : kVersions) {
    TlsEnds ends(version);
    ends.connect();
    CHECK_EQ(exportSession(ends.client).empty(), version == TLS1_3_VERSION);
    TlsEnds::write(ends.server, "x");
    CHECK_EQ(TlsEnds::read(ends.client), "x");  // and the tickets
    const std::string session = exportSession(ends.client);
    REQUIRE_FALSE(session.empty());

    SSL_SESSION* const from = imported(session);
    REQUIRE(from != nullptr);
    ends.connect([&](SSL* ssl) { SSL_set_session(ssl, from); });
    SSL_SESSION_free(from);
    const TlsFacts facts = readTlsFacts(ends.client);
    CHECK(facts.sessionReused);
    CHECK(facts.chain == std::vector<std::string>{Authority::instance().leaf.der()});
    CHECK_EQ(facts.verifyResult, X509_V_OK);
  }
}

TEST_CASE("tls facts: pending bytes are those of the record that was read in part") {
  TlsEnds ends;
  ends.connect();
  TlsEnds::write(ends.server, "first record");
  TlsEnds::write(ends.server, "second");
  CHECK_EQ(pendingBytes(ends.client), 0u);
  uint8_t buffer[5];
  CHECK_EQ(receive(-1, ends.client, buffer, sizeof buffer).bytes, 5u);
  CHECK_EQ(pendingBytes(ends.client), 7u);
  CHECK_EQ(TlsEnds::read(ends.client), " recordsecond");
  CHECK_EQ(pendingBytes(ends.client), 0u);
}

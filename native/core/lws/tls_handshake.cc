#include "tls_handshake.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

#include "../bio/chain.h"
#include "../bio/socket.h"
#include "../flight/tls_watch.h"
#include "../net/connection.h"
#include "../net/flight_note.h"
#include "../tls/key_shares.h"
#include "../tls/tls_facts.h"
#include "tls_context.h"

namespace lwspool {

namespace {

std::string printed(void (*print)(BIO*, const void*), const void* value) {
  BIO* bio = BIO_new(BIO_s_mem());
  print(bio, value);
  char* data;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string nameText(const X509_NAME* name) {
  return printed(
      [](BIO* bio, const void* value) {
        X509_NAME_print_ex(bio, static_cast<const X509_NAME*>(value), 0, XN_FLAG_RFC2253);
      },
      name);
}

std::string timeText(const ASN1_TIME* time) {
  return printed(
      [](BIO* bio, const void* value) {
        ASN1_TIME_print(bio, static_cast<const ASN1_TIME*>(value));
      },
      time);
}

std::string altNames(const X509* certificate) {
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::string text;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
    if (i > 0) text += ", ";
    text += printed(
        [](BIO* bio, const void* value) {
          GENERAL_NAME_print(bio,
                             const_cast<GENERAL_NAME*>(static_cast<const GENERAL_NAME*>(value)));
        },
        sk_GENERAL_NAME_value(names, i));
  }
  GENERAL_NAMES_free(names);
  return text;
}

const char* codeOf(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "ERR_CERT_EXPIRED";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "ERR_CERT_NOT_YET_VALID";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "ERR_CERT_HOSTNAME";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "ERR_CERT_SELF_SIGNED";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "ERR_CERT_UNKNOWN_CA";
    default:
      return "ERR_CERT_INVALID";
  }
}

// Worker thread, within SSL_connect().
int verify(int accepted, X509_STORE_CTX* store) {
  if (accepted == 1) return 1;
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Connection* connection = openedWith(ssl);
  if (connection == nullptr) return 0;
  if (!connection->endpoint()->tls->rejectUnauthorized()) {
    keepVerifyError(ssl, X509_STORE_CTX_get_error(store));
    // libwebsockets looks at the result again after the handshake.
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  const int reason = X509_STORE_CTX_get_error(store);
  ErrorInfo& error = connection->opening->error;
  error.code = codeOf(reason);
  error.fields.set("reason", X509_verify_cert_error_string(reason))
      .set("expected", connection->endpoint()->serverName);
  if (const X509* certificate = X509_STORE_CTX_get_current_cert(store)) {
    error.fields.set("subject", nameText(X509_get_subject_name(certificate)))
        .set("issuer", nameText(X509_get_issuer_name(certificate)))
        .set("validFrom", timeText(X509_get0_notBefore(certificate)))
        .set("validTo", timeText(X509_get0_notAfter(certificate)))
        .set("altNames", altNames(certificate));
  }
  return 0;
}

// Under what sessions are kept: one for another server, or for another name of it, is never used.
std::string placeOf(const Connection& connection) {
  const Endpoint& endpoint = *connection.endpoint();
  return connection.opening->address + ' ' + std::to_string(endpoint.port) +
         (endpoint.sendsServerName ? " " : " unnamed ") + endpoint.serverName;
}

void offerSession(SSL* ssl, Connection& connection) {
  SessionCache& sessions = connection.endpoint()->tls->sessions();
  if (!sessions.enabled()) return;
  std::string group;
  const SessionPtr session = sessions.take(placeOf(connection), &group);
  Opening& opening = *connection.opening;
  opening.resuming = session != nullptr && SSL_set_session(ssl, session.get()) == 1;
  const bool one = opening.resuming && connection.endpoint()->tls->keyShares().only(ssl, group);
  opening.share = one ? std::move(group) : std::string();
}

// The session that was offered has not been resumed. The full handshake that the server makes in
// its place is verified like any other.
void refused(Connection& connection) {
  if (!std::exchange(connection.opening->resuming, false)) return;
  connection.endpoint()->tls->sessions().forget(placeOf(connection));
}

// A session has been resumed: the others of that server are told the group it has chosen, since it
// may have given us none with this handshake.
void resumed(SSL* ssl, Connection& connection) {
  std::string group = keyExchangeGroup(ssl);
  if (group.empty() || group == connection.opening->share) return;
  connection.endpoint()->tls->sessions().learn(placeOf(connection), group);
}

// libwebsockets sets name, verification and ALPN as it sees fit when it makes the object; here,
// before the first byte of the handshake is made, they become what the endpoint asks for. False:
// not all of it could be set, and the handshake must not begin.
bool setUp(SSL* ssl, const Endpoint& endpoint) {
  if (!endpoint.tls->apply(ssl)) return false;
  SSL_set_verify(ssl, SSL_VERIFY_PEER, verify);
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const std::string& name = endpoint.serverName;
  in6_addr address;
  const bool isAddress = inet_pton(AF_INET, name.c_str(), &address) == 1 ||
                         inet_pton(AF_INET6, name.c_str(), &address) == 1;
  const int named = isAddress ? X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str())
                              : X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size());
  // RFC 6066, 3: no addresses.
  const char* asked = endpoint.sendsServerName && !isAddress ? name.c_str() : nullptr;
  return named == 1 && SSL_set_tlsext_host_name(ssl, asked) == 1;
}

void noteFailure(Connection& connection, unsigned long last) {
  if (last == 0) return;
  refused(connection);
  ErrorInfo& error = connection.opening->error;
  if (error) return;
  switch (ERR_GET_REASON(last)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      error.code = "ERR_TLS_VERSION";
      break;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      error.code = "ERR_CONNECTION_RESET";
      break;
    default:
      error.code = "ERR_TLS_HANDSHAKE";
  }
  const char* reason = ERR_reason_error_string(last);
  error.fields.set("sslReason", reason != nullptr ? reason : "unknown");
}

// Nothing else stops OpenSSL at that point: it finds no protocol that it may speak.
void refuseUnless(bool may, SSL* ssl) {
  if (!may) SSL_set_options(ssl, SSL_OP_NO_SSL_MASK);
}

}  // namespace

void noteFault(Connection& connection, const SSL* ssl) {
  ErrorInfo& error = connection.opening->error;
  if (const ErrorInfo* fault = bio::faultOf(ssl); fault != nullptr && !error) error = *fault;
}

// Within SSL_connect(), SSL_accept() or SSL_read().
bool TlsHandshakes::informed(const SSL* ssl, int where, int result) {
  auto* const own = const_cast<SSL*>(ssl);
  const bool start = (where & SSL_CB_HANDSHAKE_START) != 0;
  if (SSL_is_server(ssl)) {
    // Any may do that, and it is not known yet whose it is.
    if (start) refuseUnless(bio::Socket::place(own), own);
    return start || ((where & SSL_CB_HANDSHAKE_DONE) != 0 && handshakeDone(own));
  }
  // In TLS 1.2 a request to renegotiate begins one as well, which is refused.
  if (start && bio::Socket::of(ssl) != nullptr) return false;
  const bool alert = where == SSL_CB_READ_ALERT;
  if (!start && where != SSL_CB_CONNECT_EXIT && !alert) return false;
  Connection* connection = connectionOf(ssl);
  if (connection == nullptr) return false;
  if (start) {
    begins(*connection, own);
  } else if (alert) {
    // In TLS 1.3 the server judges our certificate when for us the handshake is done already.
    if ((result >> 8) != SSL3_AL_FATAL) return true;
    noteFailure(*connection, ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + (result & 0xff)));
  } else if (result <= 0) {
    noteFault(*connection, ssl);
    noteFailure(*connection, ERR_peek_last_error());
  } else {
    const bool again = SSL_session_reused(ssl) != 0;
    note(*connection, Flight::secured, static_cast<uint32_t>(SSL_version(ssl)), again);
    again ? resumed(own, *connection) : refused(*connection);
  }
  return true;
}

void TlsHandshakes::begins(Connection& connection, SSL* ssl) {
  if (connection.flight() != nullptr) watchTls(ssl, *connection.cell(), Lock::take);
  ErrorInfo& error = connection.opening->error;
  bool may = setUp(ssl, *connection.endpoint());
  if (!may) {
    error.code = "ERR_TLS_HANDSHAKE";
    error.fields.set("sslReason", "OpenSSL does not take the name to be verified");
  } else if (!(may = bio::Socket::place(ssl))) {
    error.code = "ERR_SYSTEM";
    error.fields.set("reason", "OpenSSL could not make a BIO");
  } else {
    offerSession(ssl, connection);
  }
  refuseUnless(may && prepare(connection, ssl), ssl);
}

// Worker thread, within SSL_connect(); in TLS 1.3 within a later SSL_read(), of which those count
// that read the server's answer: tickets are sent right behind the handshake.
int TlsHandshakes::sessionCame(SSL* ssl, SSL_SESSION* session) {
  Connection* connection = connectionOf(ssl);
  if (connection == nullptr) return 0;
  // Servers send a handful, and each that is kept costs a copy.
  constexpr uint32_t kMostTickets = 8;
  if (connection->opening->tickets++ >= kMostTickets) return 0;
  const bool again = SSL_session_reused(ssl) != 0;
  if (!again) refused(*connection);
  // A server that knew nothing of us was given no choice: the next handshake offers it all.
  std::string group = again || connection->opening->share.empty() ? keyExchangeGroup(ssl) : "";
  connection->endpoint()->tls->sessions().put(placeOf(*connection), ssl, session, std::move(group));
  return 0;  // the reference stays OpenSSL's
}

}  // namespace lwspool

// Which key shares a client sends. Since OpenSSL 3.5 it sends several, so that whichever the server
// likes is there: making an ML-KEM key and an X25519 key takes a good part of a resumed handshake,
// and the keys stay in memory as long as the connection. Where the group is known that this server
// has chosen before, one share is enough. All groups stay on offer: a server that has come to
// prefer another asks for its share (RFC 8446, 4.1.4, HelloRetryRequest).
#pragma once

#include <openssl/types.h>

#include <string>
#include <vector>

namespace lwspool {

class KeyShares {
 public:
  // Reads from a ClientHello of that context which groups it offers, whether they come from
  // OpenSSL, its configuration file or an option. Before OpenSSL 3.5, and where one share is sent
  // anyway, there is nothing to choose. Any thread.
  explicit KeyShares(SSL_CTX*);

  // Before the first byte of the handshake: a share of that group alone is sent, with the others on
  // offer. False: nothing has changed, since there is nothing to choose or the group is not
  // offered. Where the object is used.
  bool only(SSL*, const std::string& group) const;

 private:
  std::vector<std::string> offered_;  // in order of preference; empty: nothing to choose
};

// The group of the key exchange, by a name that SSL_set1_groups_list(3) takes; empty: none (RSA).
// After the handshake, where the object is used.
std::string keyExchangeGroup(SSL*);

}  // namespace lwspool

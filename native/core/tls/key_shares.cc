#include "key_shares.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace lwspool {

namespace {

// With it came several shares, and the mark before a group whose share is sent.
bool marksShares() {
  return OPENSSL_version_major() > 3 ||
         (OPENSSL_version_major() == 3 && OPENSSL_version_minor() >= 5);
}

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// Walks through bytes of OpenSSL's own making; past the end everything is zero.
class Walk {
 public:
  Walk(const unsigned char* at, size_t size) : at_(at), left_(size) {}
  size_t number(size_t bytes) {
    size_t value = 0;
    for (; bytes > 0; bytes--) {
      const Walk byte = take(1);
      value = value << 8 | (byte.left_ > 0 ? *byte.at_ : 0);
    }
    return value;
  }
  Walk take(size_t size) {
    const size_t most = std::min(size, left_);
    const Walk part(at_, most);
    at_ += most;
    left_ -= most;
    return part;
  }
  // What is preceded by its length, of so many bytes.
  Walk vector(size_t bytes) { return take(number(bytes)); }
  bool empty() const { return left_ == 0; }

 private:
  const unsigned char* at_;
  size_t left_;
};

struct Hello {
  std::vector<uint16_t> groups;
  size_t shares = 0;
};

// RFC 8446, 4.1.2, 4.2.7 and 4.2.8.
Hello read(Walk record) {
  Hello hello;
  record.take(5);  // the record's header
  record.take(1);  // client_hello
  Walk body = record.vector(3);
  body.take(2 + 32);  // legacy_version, random
  body.vector(1);     // legacy_session_id
  body.vector(2);     // cipher_suites
  body.vector(1);     // legacy_compression_methods
  for (Walk extensions = body.vector(2); !extensions.empty();) {
    const size_t type = extensions.number(2);
    Walk content = extensions.vector(2);
    if (type == TLSEXT_TYPE_supported_groups) {
      for (Walk list = content.vector(2); !list.empty();) {
        hello.groups.push_back(static_cast<uint16_t>(list.number(2)));
      }
    } else if (type == TLSEXT_TYPE_key_share) {
      for (Walk list = content.vector(2); !list.empty(); hello.shares++) {
        list.take(2);
        list.vector(2);
      }
    }
  }
  return hello;
}

std::string nameOf(SSL* ssl, int group) {
  const char* const name = SSL_group_to_name(ssl, group);
  return name != nullptr ? name : "";
}

}  // namespace

KeyShares::KeyShares(SSL_CTX* context) {
  if (!marksShares()) return;
  const std::unique_ptr<SSL, SslFree> ssl(SSL_new(context));
  BIO* const out = BIO_new(BIO_s_mem());
  BIO* const in = BIO_new(BIO_s_mem());
  if (ssl && out != nullptr && in != nullptr) {
    SSL_set0_rbio(ssl.get(), in);
    SSL_set0_wbio(ssl.get(), out);
    // Nobody is to be told of this one.
    SSL_set_info_callback(ssl.get(), [](const SSL*, int, int) {});
    SSL_set_connect_state(ssl.get());
    SSL_do_handshake(ssl.get());
    unsigned char* bytes = nullptr;
    const long size = BIO_get_mem_data(out, &bytes);
    const Hello hello = read({bytes, static_cast<size_t>(std::max(size, 0L))});
    for (const uint16_t group : hello.groups) {
      if (hello.shares < 2) break;
      // GREASE and the like have no name, and are not offered.
      std::string name = nameOf(ssl.get(), TLSEXT_nid_unknown | group);
      if (!name.empty()) offered_.push_back(std::move(name));
    }
  } else {
    BIO_free(in);
    BIO_free(out);
  }
  ERR_clear_error();
}

bool KeyShares::only(SSL* ssl, const std::string& group) const {
  if (std::find(offered_.begin(), offered_.end(), group) == offered_.end()) return false;
  std::string list;
  for (const std::string& name : offered_) {
    if (!list.empty()) list += ':';
    if (name == group) list += '*';
    list += name;
  }
  const bool done = SSL_set1_groups_list(ssl, list.c_str()) == 1;
  ERR_clear_error();
  return done;
}

std::string keyExchangeGroup(SSL* ssl) {
  // A cast within the macro; SSL_get_negotiated_group(3).
  const auto group = static_cast<int>(SSL_get_negotiated_group(ssl));
  return group != 0 ? nameOf(ssl, group) : "";
}

}  // namespace lwspool

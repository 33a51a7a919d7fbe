// A SHA-256 digest of several values, each with its length, so that no two lists of values give the
// same bytes. Any thread.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace lwspool {

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new()) {
    check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }

  Digest& add(uint64_t value) { return bytes(&value, sizeof value); }
  Digest& add(std::string_view text) {
    return add(static_cast<uint64_t>(text.size())).bytes(text.data(), text.size());
  }
  Digest& add(const std::vector<std::string>& texts) {
    add(static_cast<uint64_t>(texts.size()));
    for (const std::string& text : texts) add(std::string_view(text));
    return *this;
  }

  // At the end, once.
  std::string take() {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    check(EVP_DigestFinal_ex(context_.get(), out, &size) == 1);
    return {reinterpret_cast<const char*>(out), size};
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  // None of it fails but for want of memory.
  static void check(bool done) {
    if (!done) throw std::bad_alloc();
  }
  Digest& bytes(const void* data, size_t size) {
    check(EVP_DigestUpdate(context_.get(), data, size) == 1);
    return *this;
  }

  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace lwspool

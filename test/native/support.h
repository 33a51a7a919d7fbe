// What the native tests share.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace lwspool::test {

// The seed of this run's random tests: LWSPOOL_TEST_SEED, or a new one. Printed when first asked
// for, so that a failure can be had again.
inline uint64_t seed() {
  static const uint64_t value = [] {
    const char* given = std::getenv("LWSPOOL_TEST_SEED");
    const uint64_t chosen = given != nullptr && *given != '\0' ? std::strtoull(given, nullptr, 10)
                                                               : std::random_device{}();
    std::fprintf(stderr, "LWSPOOL_TEST_SEED=%llu\n", static_cast<unsigned long long>(chosen));
    return chosen;
  }();
  return value;
}

// How long a random test runs: LWSPOOL_TEST_SECONDS, or what it takes in an everyday run.
inline double seconds(double everyday) {
  const char* given = std::getenv("LWSPOOL_TEST_SECONDS");
  return given != nullptr && *given != '\0' ? std::strtod(given, nullptr) : everyday;
}

using Octets = std::vector<uint8_t>;

inline Octets octets(std::string_view text) { return {text.begin(), text.end()}; }

inline Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline std::string toString(const uint8_t* data, size_t size) {
  return size == 0 ? std::string() : std::string(reinterpret_cast<const char*>(data), size);
}

// A copy on the heap that ends where the bytes end, so that reading past them is noticed.
class ExactCopy {
 public:
  ExactCopy(const void* data, size_t size) : bytes_(new uint8_t[size]), size_(size) {
    if (size > 0) std::memcpy(bytes_.get(), data, size);
  }
  explicit ExactCopy(std::string_view text) : ExactCopy(text.data(), text.size()) {}

  uint8_t* data() { return bytes_.get(); }
  size_t size() const { return size_; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_;
};

}  // namespace lwspool::test

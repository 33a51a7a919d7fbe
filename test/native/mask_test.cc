#include "../../native/core/ws/mask.h"

#include <doctest/doctest.h>

#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include "support.h"

using namespace lwspool::test;
using namespace lwspool::ws;

namespace {

Octets numbered(size_t size) {
  Octets out(size);
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<uint8_t>(i * 7 + i / 256);
  return out;
}

}  // namespace

TEST_CASE("mask: every length and phase, copied and in place, not a byte besides") {
  const uint8_t bytes[4] = {0x11, 0x22, 0x44, 0x88};
  uint32_t key;
  std::memcpy(&key, bytes, 4);
  std::vector<size_t> sizes(300);
  std::iota(sizes.begin(), sizes.end(), 0);
  // From 1,024 bytes on with wider vectors, where there are any.
  for (size_t size = 1000; size < 1100; ++size) sizes.push_back(size);
  sizes.push_back(100'003);
  for (const size_t size : sizes) {
    for (size_t phase = 0; phase < 9; ++phase) {
      const Octets plain = numbered(size);
      Octets expected = plain;
      for (size_t i = 0; i < size; ++i) expected[i] ^= bytes[(phase + i) % 4];

      ExactCopy source(plain.data(), size);
      ExactCopy target(plain.data(), size);
      maskCopy(target.data(), source.data(), size, key, phase);
      REQUIRE(Octets(target.data(), target.data() + size) == expected);
      maskInPlace(source.data(), size, key, phase);
      REQUIRE(Octets(source.data(), source.data() + size) == expected);
    }
  }
}

TEST_CASE("mask: applied in pieces it is the same") {
  const Octets plain = numbered(1000);
  Octets whole = plain;
  maskInPlace(whole.data(), whole.size(), 0xA1B2C3D4);
  for (size_t cut = 0; cut <= plain.size(); ++cut) {
    Octets pieces(plain.size());
    maskCopy(pieces.data(), plain.data(), cut, 0xA1B2C3D4);
    maskCopy(pieces.data() + cut, plain.data() + cut, plain.size() - cut, 0xA1B2C3D4, cut);
    REQUIRE(pieces == whole);
  }
}

TEST_CASE("mask: keys do not repeat, over several blocks and threads") {
  // 8,000 of 2^32: one pair alike is likely in 1 of 135 runs, five pairs never.
  std::set<uint32_t> keys[2];
  std::thread threads[2];
  for (int t = 0; t < 2; ++t) {
    threads[t] = std::thread([&mine = keys[t]] {
      MaskSource source;
      for (int i = 0; i < 4000; ++i) mine.insert(source.next());
    });
  }
  for (std::thread& thread : threads) thread.join();
  keys[0].merge(keys[1]);
  CHECK(keys[0].size() > 7995);
}

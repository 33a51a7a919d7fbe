// Memory of large messages between two of them.
#include "../../native/core/ws/spare_memory.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "../../native/core/ws/frame_decoder_feed.h"
#include "support.h"
#include "ws_frames.h"

using namespace lwspool::test;
using lwspool::ws::Bytes;
using lwspool::ws::SpareMemory;

namespace {

constexpr size_t kSize = 64 * 1024;

Bytes block(size_t capacity) {
  Bytes bytes;
  REQUIRE(bytes.reallocate(capacity));
  return bytes;
}

// Somebody wants memory of that size, which there is not yet.
void ask(SpareMemory& spares, size_t size = kSize) { REQUIRE(spares.take(size).data() == nullptr); }

}  // namespace

TEST_CASE("spare memory: what was given is what the next one gets, once") {
  SpareMemory spares;
  ask(spares);
  Bytes first = block(kSize);
  Bytes second = block(kSize);
  const uint8_t* const places[] = {second.data(), first.data()};
  first.grow(kSize);
  spares.give(std::move(first));
  spares.give(std::move(second));
  CHECK_EQ(spares.kept(), 2 * kSize);
  for (const uint8_t* place : places) {
    const Bytes taken = spares.take(kSize);
    CHECK_EQ(taken.data(), place);
    CHECK_EQ(taken.size(), 0);
    CHECK_EQ(taken.capacity(), kSize);
  }
  CHECK_EQ(spares.kept(), 0);
  ask(spares);
}

TEST_CASE("spare memory: a block fits, and so well that nothing of it is trimmed") {
  SpareMemory spares;
  ask(spares);
  const size_t most = kSize + Bytes::excess(kSize);
  spares.give(block(most));
  CHECK(spares.take(most + 1).data() == nullptr);
  CHECK(spares.take(kSize - 100).data() == nullptr);
  Bytes taken = spares.take(kSize);
  REQUIRE_EQ(taken.capacity(), most);
  taken.grow(kSize);
  taken.trim();
  CHECK_EQ(taken.capacity(), most);
}

TEST_CASE("spare memory: small and gigantic blocks are not for it") {
  SpareMemory spares;
  ask(spares, SpareMemory::kSmallest);
  for (const size_t size : {size_t{1}, SpareMemory::kSmallest - 1, 2 * SpareMemory::kLargest}) {
    spares.give(block(size));
    CHECK_EQ(spares.kept(), 0);
  }
  spares.give(Bytes());
  CHECK_EQ(spares.kept(), 0);
}

TEST_CASE("spare memory: no more is kept than said, and what lay there longest goes first") {
  SpareMemory spares;
  ask(spares);
  spares.give(block(kSize));
  const size_t large = SpareMemory::kLargest;
  for (size_t at = 0; at < SpareMemory::kMost; at += large) {
    spares.give(block(large));
    CHECK_LE(spares.kept(), SpareMemory::kMost);
  }
  CHECK_EQ(spares.kept(), SpareMemory::kMost);
  ask(spares, kSize);
  CHECK_EQ(spares.take(large).capacity(), large);
}

TEST_CASE("spare memory: only while somebody asks") {
  SpareMemory spares;
  CHECK_EQ(spares.expiry(), 0);
  spares.give(block(kSize));
  CHECK_EQ(spares.kept(), 0);
  ask(spares);
  spares.give(block(kSize));
  const uint64_t expiry = spares.expiry();
  REQUIRE_NE(expiry, 0);
  spares.expire(expiry - 1);
  CHECK_EQ(spares.kept(), kSize);
  spares.expire(expiry);
  CHECK_EQ(spares.kept(), 0);
  CHECK_EQ(spares.expiry(), 0);
  spares.give(block(kSize));
  CHECK_EQ(spares.kept(), 0);
  ask(spares);
  spares.give(block(kSize));
  spares.clear();
  CHECK_EQ(spares.kept(), 0);
}

TEST_CASE("spare memory: a block has one owner, however many threads there are") {
  SpareMemory spares;
  std::atomic<size_t> reused{0};
  std::atomic<size_t> overwritten{0};
  const auto work = [&](uint8_t mark) {
    std::mt19937_64 random(seed() + mark);
    std::vector<Bytes> own;
    for (int step = 0; step < 3000; step++) {
      if (own.size() < 8 && random() % 2 == 0) {
        const size_t size = SpareMemory::kSmallest << random() % 3;
        Bytes bytes = spares.take(size);
        if (bytes.data() != nullptr) {
          reused++;
        } else if (!bytes.reallocate(size)) {
          continue;
        }
        std::memset(bytes.data(), mark, size);
        bytes.grow(size);
        own.push_back(std::move(bytes));
      } else if (!own.empty()) {
        std::swap(own[random() % own.size()], own.back());
        const Bytes& last = own.back();
        const auto isMine = [mark](uint8_t byte) { return byte == mark; };
        if (!std::all_of(last.data(), last.data() + last.size(), isMine)) overwritten++;
        spares.give(std::move(own.back()));
        own.pop_back();
      }
      if (random() % 500 == 0) spares.clear();
    }
  };
  std::vector<std::thread> threads;
  for (const uint8_t mark : {1, 2, 3}) threads.emplace_back(work, mark);
  for (std::thread& thread : threads) thread.join();
  CHECK_GT(reused, 0);
  CHECK_EQ(overwritten, 0);
  CHECK_LE(spares.kept(), SpareMemory::kMost);
}

TEST_CASE("spare memory: a message goes where one before it was") {
  SpareMemory& spares = SpareMemory::ofProcess();
  spares.clear();
  for (const Role role : {Role::client, Role::server}) {
    FrameDecoder decoder({.role = role});
    const uint8_t* place = nullptr;
    for (const char letter : {'a', 'b', 'c'}) {
      const std::string text(kSize, letter);
      Octets stream = wire(role, Frame{0x81, text});
      struct Taking {
        Bytes taken;
        void message(Opcode, const uint8_t*, size_t) {}
        void message(Opcode, Bytes&& data) { taken = std::move(data); }
        void ping(const uint8_t*, size_t) {}
        void pong(const uint8_t*, size_t) {}
        void close(uint16_t, const uint8_t*, size_t) {}
      } sink;
      const size_t half = stream.size() / 2;
      REQUIRE(decoder.feed(stream.data(), half, sink) == nullptr);
      REQUIRE(decoder.feed(stream.data() + half, stream.size() - half, sink) == nullptr);
      REQUIRE(toString(sink.taken.data(), sink.taken.size()) == text);
      if (place != nullptr) CHECK_EQ(sink.taken.data(), place);
      place = sink.taken.data();
      spares.give(std::move(sink.taken));
    }
  }
  spares.clear();
}

// What is shared by its content: how long it is found, and how much of it is kept.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "../../native/core/tls/authorities.h"
#include "../../native/core/tls/digest.h"
#include "../../native/core/tls/recent.h"

using namespace lwspool;

namespace {

struct Thing {
  explicit Thing(std::atomic<int>& alive) : alive_(alive) { alive_++; }
  ~Thing() { alive_--; }
  Thing(const Thing&) = delete;
  Thing& operator=(const Thing&) = delete;

 private:
  std::atomic<int>& alive_;
};

}  // namespace

TEST_CASE("recent: the last few stay, and what somebody has is found for as long") {
  std::atomic<int> alive{0};
  int made = 0;
  Recent<Thing> recent(4);
  const auto get = [&](const std::string& digest) {
    return recent.get(digest, [&] {
      made++;
      return std::make_shared<Thing>(alive);
    });
  };
  const auto held = get("held");
  for (int i = 0; i < 1000; i++) {
    get(std::to_string(i));
    CHECK_LE(alive.load(), 5);
  }
  CHECK_EQ(made, 1001);
  CHECK_EQ(recent.size(), 5);
  CHECK(get("held") == held);
  CHECK_EQ(made, 1001);
  get("999");  // still there
  CHECK_EQ(made, 1001);
  get("1");  // long gone
  CHECK_EQ(made, 1002);
}

TEST_CASE("recent: what cannot be made leaves nothing behind") {
  Recent<Thing> recent(4);
  for (int i = 0; i < 3; i++) {
    CHECK_THROWS_AS(recent.get("x", []() -> std::shared_ptr<Thing> { throw std::bad_alloc(); }),
                    std::bad_alloc);
  }
  CHECK_EQ(recent.size(), 0);
}

TEST_CASE("recent: threads that want the same at once get the same") {
  std::atomic<int> alive{0};
  Recent<Thing> recent(2);
  constexpr int kThreads = 4;
  std::vector<std::shared_ptr<Thing>> got(kThreads);
  for (int round = 0; round < 200; round++) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; i++) {
      threads.emplace_back([&, i] {
        got[i] = recent.get(std::to_string(round), [&] { return std::make_shared<Thing>(alive); });
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& thing : got) CHECK(thing == got[0]);
  }
  got.clear();
  CHECK_EQ(alive.load(), 2);
}

TEST_CASE("digest: values that only look alike when they are joined differ") {
  using List = std::vector<std::string>;
  const auto of = [](const List& a, const List& b) { return Digest().add(a).add(b).take(); };
  CHECK_EQ(of({"a", "b"}, {}), of({"a", "b"}, {}));
  CHECK_NE(of({"a", "b"}, {}), of({"ab"}, {}));
  CHECK_NE(of({"a", "b"}, {}), of({"a"}, {"b"}));
  CHECK_NE(of({""}, {}), of({}, {""}));
  CHECK_EQ(of({}, {}).size(), 32);
}

TEST_CASE("authorities: a text without a certificate is none") {
  CHECK(authoritiesOf({"-----BEGIN nothing"}) == nullptr);
  CHECK(authoritiesOf({}) != nullptr);  // trusts nobody
}

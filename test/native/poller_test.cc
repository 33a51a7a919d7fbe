#include "../../native/core/net/poller.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <set>

#include "sockets.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

std::vector<Poller::Ready> readyIn(Poller& poller) {
  Poller::Ready ready[Poller::kBatch];
  return {ready, ready + poller.wait(ready)};
}

struct Pair {
  SocketPair ends = unixPair();
  ~Pair() {
    close(ends.ours);
    if (ends.theirs >= 0) close(ends.theirs);
  }
};

}  // namespace

TEST_CASE("poller: tells what is ready by the name that it was given") {
  Poller poller;
  Pair pair;
  REQUIRE_EQ(poller.add(pair.ends.ours, {7, 0x8000'0001}, true, false), 0);
  CHECK(readyIn(poller).empty());
  CHECK_EQ(write(pair.ends.theirs, "x", 1), 1);
  auto ready = readyIn(poller);
  REQUIRE_EQ(ready.size(), 1);
  CHECK(ready[0].id == ConnectionId{7, 0x8000'0001});
  CHECK(ready[0].readable);
  CHECK_FALSE(ready[0].writable);
  CHECK_FALSE(ready[0].broken);
  CHECK_EQ(readyIn(poller).size(), 1);  // for as long as it is so

  REQUIRE_EQ(poller.change(pair.ends.ours, {7, 2}, false, true), 0);
  ready = readyIn(poller);
  REQUIRE_EQ(ready.size(), 1);
  CHECK(ready[0].id == ConnectionId{7, 2});
  CHECK_FALSE(ready[0].readable);
  CHECK(ready[0].writable);

  poller.remove(pair.ends.ours);
  CHECK(readyIn(poller).empty());
}

TEST_CASE("poller: a connection that broke is told even where nobody asks") {
  Poller poller;
  Pair pair;
  REQUIRE_EQ(poller.add(pair.ends.ours, {1, 1}, false, false), 0);
  CHECK(readyIn(poller).empty());
  close(pair.ends.theirs);
  pair.ends.theirs = -1;
  const auto ready = readyIn(poller);
  REQUIRE_EQ(ready.size(), 1);
  CHECK(ready[0].broken);
  CHECK_FALSE(ready[0].readable);
}

TEST_CASE("poller: its descriptor is readable while anything is ready") {
  Poller poller;
  Pair pair;
  pollfd outer{poller.descriptor(), POLLIN, 0};
  REQUIRE_EQ(poller.add(pair.ends.ours, {1, 1}, true, false), 0);
  CHECK_EQ(poll(&outer, 1, 0), 0);
  CHECK_EQ(write(pair.ends.theirs, "x", 1), 1);
  CHECK_EQ(poll(&outer, 1, 0), 1);
}

TEST_CASE("poller: more than fit into one batch come in the next ones") {
  Poller poller;
  std::vector<std::unique_ptr<Pair>> pairs;
  for (uint32_t i = 0; i < Poller::kBatch + 10; i++) {
    pairs.push_back(std::make_unique<Pair>());
    REQUIRE_EQ(poller.add(pairs.back()->ends.ours, {i, 1}, false, true), 0);
  }
  std::set<uint32_t> seen;
  for (int round = 0; round < 3; round++) {
    for (const auto& ready : readyIn(poller)) seen.insert(ready.id.slot);
  }
  CHECK_EQ(seen.size(), pairs.size());
}

TEST_CASE("poller: says why it could not") {
  Poller poller;
  Pair pair;
  CHECK_EQ(poller.add(-1, {1, 1}, true, false), EBADF);
  CHECK_EQ(poller.change(pair.ends.ours, {1, 1}, true, false), ENOENT);
  REQUIRE_EQ(poller.add(pair.ends.ours, {1, 1}, true, false), 0);
  CHECK_EQ(poller.add(pair.ends.ours, {1, 1}, true, false), EEXIST);
  poller.remove(pair.ends.ours);
  poller.remove(pair.ends.ours);
}

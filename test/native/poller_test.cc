#include "../../native/core/poll/poller.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <set>

#include "service_bed.h"
#include "sockets.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

std::unique_ptr<Poller> made(PollerKind kind) {
  std::string reason;
  auto poller = makePoller(kind, reason);
  REQUIRE_MESSAGE(poller != nullptr, reason);
  return poller;
}

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
  const auto owned = made(eachPoller());
  Poller& poller = *owned;
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
  poller.change(pair.ends.ours, ready[0].id, true, false);
  CHECK_EQ(readyIn(poller).size(), 1);  // it was asked for again

  REQUIRE_EQ(poller.change(pair.ends.ours, {7, 2}, false, true), 0);
  ready = readyIn(poller);
  REQUIRE_EQ(ready.size(), 1);
  CHECK(ready[0].id == ConnectionId{7, 2});
  CHECK_FALSE(ready[0].readable);
  CHECK(ready[0].writable);

  poller.remove(pair.ends.ours, {7, 2});
  CHECK(readyIn(poller).empty());
}

TEST_CASE("poller: names the call that refused a descriptor") {
  for (const PollerKind kind : {PollerKind::epoll, PollerKind::uring}) {
    std::string reason;
    const auto poller = makePoller(kind, reason);
    if (!poller) continue;
    CHECK_EQ(poller->add(-1, {1, 1}, true, false), EBADF);
    CHECK_EQ(std::string(poller->syscall()),
             kind == PollerKind::epoll ? "epoll_ctl" : "io_uring_enter");
  }
}

TEST_CASE("poller: tells once what has come, and again where more comes or it is asked for") {
  const auto owned = made(eachPoller());
  Poller& poller = *owned;
  Pair pair;
  const ConnectionId id{3, 1};
  REQUIRE_EQ(poller.add(pair.ends.ours, id, true, false), 0);
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(write(pair.ends.theirs, "x", 1), 1);
    CHECK_EQ(readyIn(poller).size(), 1);
    CHECK(readyIn(poller).empty());
  }
  poller.change(pair.ends.ours, id, true, false);
  CHECK_EQ(readyIn(poller).size(), 1);
  CHECK(readyIn(poller).empty());
  shutdown(pair.ends.theirs, SHUT_WR);
  const auto ready = readyIn(poller);
  REQUIRE_EQ(ready.size(), 1);
  CHECK(ready[0].ended);
}

TEST_CASE("poller: more may lie behind urgent data, where a read ends; epoll tells of it") {
  const auto owned = made(PollerKind::epoll);
  Poller& poller = *owned;
  const SocketPair ends = tcpPair();
  REQUIRE_EQ(poller.add(ends.ours, {3, 1}, true, false), 0);
  CHECK_EQ(send(ends.theirs, "front", 5, 0), 5);
  CHECK_EQ(send(ends.theirs, "!", 1, MSG_OOB), 1);
  CHECK_EQ(send(ends.theirs, "behind", 6, 0), 6);
  auto ready = readyIn(poller);
  REQUIRE_EQ(ready.size(), 1);
  CHECK(ready[0].ended);
  char bytes[20];
  CHECK_EQ(recv(ends.ours, bytes, sizeof bytes, 0), 5);
  poller.change(ends.ours, {3, 1}, true, false);
  ready = readyIn(poller);
  REQUIRE_EQ(ready.size(), 1);
  CHECK(ready[0].readable);
  close(ends.ours);
  close(ends.theirs);
}

TEST_CASE("poller: a connection that broke is told even where nobody asks") {
  const auto owned = made(eachPoller());
  Poller& poller = *owned;
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
  const auto owned = made(eachPoller());
  Poller& poller = *owned;
  Pair pair;
  pollfd outer{poller.descriptor(), POLLIN, 0};
  REQUIRE_EQ(poller.add(pair.ends.ours, {1, 1}, true, false), 0);
  poller.settle();
  CHECK_EQ(poll(&outer, 1, 0), 0);
  CHECK_EQ(write(pair.ends.theirs, "x", 1), 1);
  CHECK_EQ(poll(&outer, 1, 0), 1);
}

TEST_CASE("poller: more than fit into one batch come in the next ones") {
  const auto owned = made(eachPoller());
  Poller& poller = *owned;
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
  const auto owned = made(eachPoller());
  Poller& poller = *owned;
  Pair pair;
  CHECK_EQ(poller.add(-1, {1, 1}, true, false), EBADF);
  CHECK_EQ(poller.change(pair.ends.ours, {1, 1}, true, false), ENOENT);
  REQUIRE_EQ(poller.add(pair.ends.ours, {1, 1}, true, false), 0);
  CHECK_EQ(poller.add(pair.ends.ours, {1, 1}, true, false), EEXIST);
  poller.remove(pair.ends.ours, {1, 1});
  poller.remove(pair.ends.ours, {1, 1});
}

TEST_CASE("poller: what was ready before it was removed is told to nobody") {
  const auto owned = made(eachPoller());
  Poller& poller = *owned;
  Pair first;
  REQUIRE_EQ(poller.add(first.ends.ours, {5, 1}, true, false), 0);
  poller.settle();
  CHECK_EQ(write(first.ends.theirs, "x", 1), 1);
  // The same number and the same slot, of another connection.
  poller.remove(first.ends.ours, {5, 1});
  Pair second;
  REQUIRE_EQ(poller.add(second.ends.ours, {5, 2}, true, false), 0);
  CHECK(readyIn(poller).empty());
  CHECK_EQ(write(second.ends.theirs, "x", 1), 1);
  const auto ready = readyIn(poller);
  REQUIRE_EQ(ready.size(), 1);
  CHECK(ready[0].id == ConnectionId{5, 2});
}

TEST_CASE("poller: a descriptor that was removed ends when it is closed") {
  const auto owned = made(eachPoller());
  Poller& poller = *owned;
  // With and without something to tell at that moment; one, or all of them.
  for (int kind = 0; kind < 4; kind++) {
    Pair pair;
    REQUIRE_EQ(poller.add(pair.ends.ours, {1, 1}, true, false), 0);
    poller.settle();
    if (kind % 2 == 1) CHECK_EQ(write(pair.ends.theirs, "x", 1), 1);
    if (kind < 2) {
      poller.remove(pair.ends.ours, {1, 1});
    } else {
      poller.clear();
    }
    poller.settle();
    close(std::exchange(pair.ends.ours, dup(pair.ends.theirs)));
    pollfd end{pair.ends.theirs, POLLIN, 0};
    REQUIRE_EQ(poll(&end, 1, 10'000), 1);
    CHECK_NE(end.revents & POLLHUP, 0);
  }
}

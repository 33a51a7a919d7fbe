// Sends that a poller carries out together.
#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>

#include "../../native/core/poll/poller.h"
#include "refusing.h"
#include "service_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

using Status = IoResult::Status;

struct Sends {
  std::unique_ptr<Poller> poller;
  std::vector<SocketPair> pairs;
  std::vector<Poller::Send> sends;

  Sends() {
    std::string reason;
    poller = makePoller(PollerKind::uring, reason);
    REQUIRE_MESSAGE(poller != nullptr, reason);
  }
  ~Sends() {
    for (const SocketPair& pair : pairs) {
      close(pair.ours);
      close(pair.theirs);
    }
  }
  SocketPair& add(std::string_view bytes) {
    pairs.push_back(unixPair());
    sends.push_back(
        {pairs.back().ours, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    return pairs.back();
  }
  std::vector<Poller::Ready> ready() {
    Poller::Ready found[Poller::kBatch];
    return {found, found + poller->wait(found)};
  }
  static std::string heard(int fd) {
    char bytes[64];
    const ssize_t size = recv(fd, bytes, sizeof bytes, 0);
    return {bytes, bytes + std::max<ssize_t>(size, 0)};
  }
};

std::string fillUp(int fd) {
  const std::string much(1 << 20, 'x');
  while (send(fd, much.data(), much.size(), MSG_NOSIGNAL) > 0);
  return much;
}

}  // namespace

TEST_CASE("poller sends: each has its own result") {
  Sends bed;
  std::signal(SIGPIPE, SIG_DFL);
  bed.add("first");
  const int full = bed.add("none of it").ours;
  fillUp(full);
  close(std::exchange(bed.add("to nobody").theirs, -1));
  bed.add("last");
  bed.sends.push_back({-1, bed.sends[0].bytes, 1});
  bed.poller->send(bed.sends);
  CHECK_EQ(bed.sends[0].result.status, Status::done);
  CHECK_EQ(bed.sends[0].result.bytes, 5);
  CHECK_EQ(bed.sends[1].result.status, Status::again);
  CHECK_EQ(bed.sends[2].result.status, Status::broken);
  CHECK_EQ(bed.sends[2].result.error, EPIPE);
  CHECK_EQ(bed.sends[3].result.bytes, 4);
  CHECK_EQ(bed.sends[4].result.error, EBADF);
  CHECK_EQ(Sends::heard(bed.pairs[0].theirs), "first");
  CHECK_EQ(Sends::heard(bed.pairs[3].theirs), "last");
  std::signal(SIGPIPE, SIG_IGN);
}

TEST_CASE("poller sends: what does not go at once goes in part") {
  Sends bed;
  const std::string much(8 << 20, 'x');
  bed.add(much);
  bed.add("little");
  bed.poller->send(bed.sends);
  CHECK_EQ(bed.sends[0].result.status, Status::done);
  CHECK_GT(bed.sends[0].result.bytes, 0);
  CHECK_LT(bed.sends[0].result.bytes, much.size());
  CHECK_EQ(bed.sends[1].result.bytes, 6);
}

TEST_CASE("poller sends: as many as there may be, and what polls tell meanwhile is not lost") {
  Sends bed;
  for (uint32_t i = 0; i < bed.poller->sendsTogether(); i++) {
    const SocketPair& pair = bed.add("x");
    REQUIRE_EQ(bed.poller->add(pair.ours, {i, 1}, true, false), 0);
    CHECK_EQ(write(pair.theirs, "y", 1), 1);
  }
  bed.poller->send(bed.sends);
  for (const auto& one : bed.sends) CHECK_EQ(one.result.bytes, 1);
  bed.poller->settle();
  pollfd outer{bed.poller->descriptor(), POLLIN, 0};
  CHECK_EQ(poll(&outer, 1, 0), 1);
  size_t told = 0;
  for (int round = 0; round < 3; round++) told += bed.ready().size();
  CHECK_EQ(told, bed.sends.size());
}

TEST_CASE("poller sends: they signal nothing by themselves") {
  Sends bed;
  bed.add("x");
  bed.add("x");
  bed.poller->send(bed.sends);
  bed.poller->settle();
  pollfd outer{bed.poller->descriptor(), POLLIN, 0};
  CHECK_EQ(poll(&outer, 1, 0), 0);
}

TEST_CASE("poller sends: what the kernel refuses is left to be sent, and is not sent later") {
  for (const int error : {EAGAIN, EBUSY}) {
    whereRefused([error] {
      Sends bed;
      bed.add("once");
      bed.add("once");
      refusal = error;
      bed.poller->send(bed.sends);
      for (const auto& one : bed.sends) {
        CHECK_EQ(one.result.status, Status::done);
        CHECK_EQ(one.result.bytes, 0);
      }
      refusal = 0;
      bed.poller->settle();
      for (const SocketPair& pair : bed.pairs) CHECK_EQ(Sends::heard(pair.theirs), "");
      bed.poller->send(bed.sends);
      bed.poller->settle();
      for (const SocketPair& pair : bed.pairs) CHECK_EQ(Sends::heard(pair.theirs), "once");
    });
  }
}

TEST_CASE("poller: what the kernel refuses is asked for again, however much it is") {
  whereRefused([] {
    Sends bed;
    refusal = EAGAIN;
    for (uint32_t i = 0; i < 700; i++) {
      const SocketPair& pair = bed.add("x");
      REQUIRE_EQ(bed.poller->add(pair.ours, {i, 1}, true, false), 0);
      CHECK_EQ(write(pair.theirs, "y", 1), 1);
      // Half of them go again.
      if (i % 2 == 1) bed.poller->remove(pair.ours, {i, 1});
    }
    bed.poller->settle();
    pollfd outer{bed.poller->descriptor(), POLLIN, 0};
    CHECK_EQ(poll(&outer, 1, 0), 1);  // the loop comes round again
    CHECK(bed.ready().empty());
    refusal = 0;
    bed.poller->settle();
    std::vector<uint32_t> told;
    for (int round = 0; round < 5; round++) {
      for (const auto& one : bed.ready()) told.push_back(one.id.slot);
    }
    std::sort(told.begin(), told.end());
    REQUIRE_EQ(told.size(), 350);
    for (uint32_t i = 0; i < told.size(); i++) CHECK_EQ(told[i], 2 * i);
    bed.poller->settle();
    CHECK_EQ(poll(&outer, 1, 0), 0);
  });
}

TEST_CASE("service: one turn's sends reach each peer, whatever becomes of the others") {
  Bed bed;
  std::vector<ConnectionId> ids;
  for (int i = 0; i < 600; i++) ids.push_back(bed.open().id);
  const auto of = [&](size_t i) { return bed.service.find(ids[i]); };
  bed.peer(*of(1)).end();
  const std::string much(4 << 20, 'm');
  for (size_t i = 0; i < ids.size(); i++) {
    bed.command(Command::send, ids[i], i == 2 ? much : "to " + std::to_string(i));
    bed.command(Command::mark, ids[i], {}, 7);
  }
  CHECK(bed.until([&] {
    bed.peer(*of(2)).pump();
    return bed.peer(*of(2)).events.size() == 1;
  }));
  CHECK(bed.untilGone(ids[1]));
  for (size_t i = 3; i < ids.size(); i++) {
    CHECK(bed.untilHeard(bed.peer(*of(i)), "text to " + std::to_string(i)));
    CHECK_EQ(bed.events(*of(i)), Events{"opened", "flushed 7"});
    CHECK(of(i)->cell()->writeComplete);
    CHECK_EQ(of(i)->output.flushedBytes(), of(i)->output.queuedBytes());
  }
}

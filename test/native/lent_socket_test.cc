// What is done to the socket through a descriptor that a lease gave away: the worker never waits,
// and nothing of it lasts that could make somebody wait.
#include <netinet/tcp.h>
#include <sys/wait.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "lease_bed.h"

using namespace lwspool;
using namespace lwspool::test;

namespace {

// A descriptor in other hands, as a child process has it for as long as it likes.
class Stranger {
 public:
  explicit Stranger(int fd) : fd_(fcntl(fd, F_DUPFD_CLOEXEC, 0)) { REQUIRE_GE(fd_, 0); }
  ~Stranger() { close(fd_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  int flags() const { return fcntl(fd_, F_GETFL); }
  void blocks() const { REQUIRE_EQ(fcntl(fd_, F_SETFL, flags() & ~O_NONBLOCK), 0); }
  void linger(int seconds) const {
    const struct linger how = {1, seconds};
    REQUIRE_EQ(setsockopt(fd_, SOL_SOCKET, SO_LINGER, &how, sizeof how), 0);
  }
  bool lingers() const {
    struct linger how{};
    socklen_t size = sizeof how;
    REQUIRE_EQ(getsockopt(fd_, SOL_SOCKET, SO_LINGER, &how, &size), 0);
    return how.l_onoff != 0;
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// Ends a wait that should not be, by shutting our socket down, and says that there was one.
class Watchdog {
 public:
  explicit Watchdog(int fd) : fd_(fd), thread_([this] { watch(); }) {}
  ~Watchdog() { CHECK_FALSE(barked()); }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  bool barked() {
    {
      std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_one();
    thread_.join();
    return barked_;
  }
  void watch() {
    std::unique_lock lock(mutex_);
    barked_ = !wake_.wait_for(lock, std::chrono::seconds(20), [this] { return over_; });
    if (barked_) shutdown(fd_, SHUT_RDWR);
  }

  const int fd_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;    // guarded by mutex_
  bool barked_ = false;  // of the thread, until it has ended
  std::thread thread_;   // the last: it uses the others
};

void eachWire(const std::function<void(bool tls)>& test) {
  for (const bool tls : {false, true}) {
    CAPTURE(tls);
    test(tls);
  }
}

}  // namespace

TEST_CASE("lent: a socket that somebody makes wait is read and written without waiting") {
  eachWire([](bool tls) {
    TcpLeaseBed bed(tls, 16 * 1024);
    Connection& connection = bed.open();
    Connection& other = bed.open();
    Held held = bed.hold(connection.id, false);
    bed.duplicate(held);
    const Stranger child(held.fd);
    bed.release(held);
    child.blocks();
    const Watchdog watchdog(child.fd());
    Peer& peer = bed.peer(connection);
    peer.reads = false;
    for (int i = 0; i < 8; i++) {
      bed.command(Command::send, connection.id, std::string(1 << 20, 'x'), 0, flag::binary);
      bed.command(Command::send, connection.id, std::string(1'000, 'x'), 0, flag::binary);
    }
    bed.peer(other).text("me too");
    CHECK(bed.untilEvent(other.id, "text me too"));
    // Reading, where nothing is there: after a lease the kernel is asked in any case.
    peer.text("one");
    CHECK(bed.untilEvent(connection.id, "text one"));
    bed.command(Command::pause, connection.id);
    bed.command(Command::resume, connection.id);
    // And by a holder.
    bed.command(Command::terminate, connection.id);
    CHECK(bed.untilGone(connection.id));
  });
}

TEST_CASE("lent: a holder's own reads and writes do not wait either") {
  eachWire([](bool tls) {
    TcpLeaseBed bed(tls, 16 * 1024);
    Connection& connection = bed.open(endpoint(Kind::raw));
    bed.settle();
    Held held = bed.hold(connection.id);
    bed.duplicate(held);
    const Stranger child(held.fd);
    child.blocks();
    const Watchdog watchdog(child.fd());
    uint8_t buffer[100];
    IoResult result{IoResult::Status::done};
    CHECK((tls ? bed.mainLeases.readTls(held, buffer, sizeof buffer, result)
               : bed.mainLeases.readSocket(held, buffer, sizeof buffer, result)));
    CHECK(result.status == IoResult::Status::again);
    const Octets bytes(1 << 20, 'x');
    for (int i = 0; i < 100 && bed.write(held, bytes) > 0; i++) continue;
    CHECK(bed.lastWrite.status == IoResult::Status::again);
    bed.command(Command::terminate, connection.id);
    bed.mainLeases.closeDuplicate(held.id, held.fd, held.inode);
    CHECK(bed.untilGone(connection.id));
  });
}

TEST_CASE("lent: flags are put right where a lease ends, however it does") {
  constexpr int kWrong = O_ASYNC;
  for (const bool exclusive : {true, false}) {
    CAPTURE(exclusive);
    TcpLeaseBed bed;
    Connection& connection = bed.open();
    const auto spoil = [](const Stranger& child) {
      REQUIRE_EQ(fcntl(child.fd(), F_SETFL, (child.flags() & ~O_NONBLOCK) | kWrong), 0);
    };
    const auto right = [](const Stranger& child) {
      return (child.flags() & (O_NONBLOCK | kWrong)) == O_NONBLOCK;
    };
    Held held = bed.hold(connection.id, exclusive);
    bed.duplicate(held);
    const Stranger child(held.fd);
    spoil(child);
    bed.release(held);
    CHECK(right(child));

    // Also by a later lease, which gives nothing away: the first holder's child may be there still.
    spoil(child);
    bed.release(bed.hold(connection.id, exclusive));
    CHECK(right(child));

    spoil(child);
    const Held brief = bed.hold(connection.id, exclusive, 10);
    CHECK(bed.untilEvent(connection.id, "leaseExpired " + std::to_string(brief.token)));
    CHECK(right(child));
    CHECK(bed.alive(connection));

    // And before libwebsockets has it back.
    spoil(child);
    child.linger(30);
    bed.command(Command::terminate, connection.id);
    CHECK(bed.untilGone(connection.id));
    CHECK(right(child));
    CHECK_FALSE(child.lingers());
  }
}

TEST_CASE("lent: closing does not linger, but a reset stays one") {
  for (const bool lent : {true, false}) {
    for (const int seconds : {30, 0}) {
      CAPTURE(lent);
      CAPTURE(seconds);
      TcpLeaseBed bed;
      Connection& connection = bed.open();
      const ConnectionId id = connection.id;
      Held held = bed.hold(id);
      const linger how = {1, seconds};
      if (lent) {
        bed.duplicate(held);
        Stranger(held.fd).linger(seconds);
      } else {
        REQUIRE(bed.mainLeases.setOption(held, SOL_SOCKET, SO_LINGER,
                                         reinterpret_cast<const uint8_t*>(&how), sizeof how));
      }
      bed.release(held);
      CHECK(bed.alive(connection));
      const Stranger witness(connection.fd());
      // A close that waits would: nobody takes what was sent.
      Peer& peer = bed.peer(connection);
      bed.command(Command::terminate, id);
      CHECK(bed.untilGone(id));
      CHECK_EQ(witness.lingers(), seconds == 0);
      if (!lent) continue;  // the witness has it open still, and nobody was told
      if (seconds != 0) CHECK(bed.untilEnd(peer));
      peer.pump();
      CHECK_EQ(peer.sawEnd, seconds != 0);
    }
  }
}

TEST_CASE("lent: the peer hears of the end, although a child process has the socket still") {
  eachWire([](bool tls) {
    TcpLeaseBed bed(tls);
    Connection& connection = bed.open();
    const ConnectionId id = connection.id;
    Held held = bed.hold(id, false);
    bed.duplicate(held);
    const Stranger child(held.fd);
    bed.release(held);
    bed.command(Command::terminate, id);
    CHECK(bed.untilEnd(bed.peer(connection)));
    CHECK(bed.untilGone(id));
  });
}

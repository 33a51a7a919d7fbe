// Multishot polls of io_uring(7), one for each descriptor: the kernel says once that it is ready,
// with no call for each. Those polls are edge-triggered, so what is left unread has to be asked for
// with change(). No operation that moves bytes stays in flight: a connection whose lease is out may
// be polled, and is not read; sends are over when send() returns. Only on the thread that made it:
// the ring takes nothing from another.
#pragma once

#include <liburing.h>

#include <memory>
#include <string>
#include <vector>

#include "poller.h"

namespace lwspool {

class UringPoller final : public Poller {
 public:
  // Null: io_uring is not to be had, for that reason.
  static std::unique_ptr<UringPoller> make(std::string& reason);
  ~UringPoller() override;

  int descriptor() const override { return event_; }
  int sharedSet() const override { return -1; }
  const char* syscall() const override { return "io_uring_enter"; }
  int add(int fd, ConnectionId id, bool read, bool write) override;
  int change(int fd, ConnectionId id, bool read, bool write) override;
  void remove(int fd, ConnectionId id) override;
  void settle() override;
  void clear() override;
  int wait(Ready* out) override;
  size_t sendsTogether() const override;
  void send(std::span<Send>) override;

 private:
  // What is asked for of a slot's connection. A completion counts only if it bears the serial of
  // the poll that is armed now: one that comes late finds nobody, whoever has slot and number by
  // then.
  struct Watch {
    int fd = -1;
    uint32_t generation = 0;
    uint32_t serial = 0;
    uint32_t mask = 0;
    bool armed = false;
  };

  // What the kernel says of one of them.
  struct Answer {
    uint64_t name;
    int32_t result;
    uint32_t flags;
  };

  UringPoller() = default;
  Watch& watch(uint32_t slot);
  void arm(uint32_t slot);
  void disarm(uint32_t slot);
  io_uring_sqe& entry();
  void enter();
  int reap(Ready* out, int room);
  bool tell(const Answer&, Ready& out);
  template <class Take>
  void answers(Take);
  size_t keep(std::span<Send>);
  size_t withdraw(std::span<Send>);
  bool unsubmitted() const;
  bool more() const;
  void muteEventfd();
  void signal();

  io_uring ring_{};
  bool made_ = false;
  int event_ = -1;      // an eventfd: the ring's own descriptor does not tell of deferred work
  bool muted_ = false;  // what comes is not signalled: it is looked for in settle()
  std::vector<Watch> watches_;         // by slot
  std::vector<io_uring_sqe> waiting_;  // what is asked for and had no room; in its order
  std::vector<Answer> kept_;           // of polls, which came while sends were looked for
  uint32_t batch_ = 0;                 // of sends
};

}  // namespace lwspool

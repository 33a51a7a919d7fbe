// Tells which descriptors are ready, in one of two ways: see EpollPoller and UringPoller. What has
// come is told once; what is left of it, after a change(). Worker thread only.
#pragma once

#include <cstdint>
#include <span>

#include "../base/connection_id.h"
#include "../base/io_result.h"

namespace lwspool {

class Poller {
 public:
  struct Ready {
    ConnectionId id;
    bool readable;  // or broken: reading says how
    bool writable;
    bool broken;  // an error or the end of both directions, which cannot be masked
    bool ended;   // the peer's end may lie behind what is to be read, or, with epoll, more behind
                  // urgent data
  };

  Poller() = default;
  virtual ~Poller() = default;
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Itself readable while anything is ready.
  virtual int descriptor() const = 0;
  // By which any thread may take a descriptor out, with epoll_ctl(2); -1: only this one can.
  virtual int sharedSet() const = 0;

  // The system call that add() and change() make, for the errors that they return.
  virtual const char* syscall() const = 0;
  // Each returns 0 or an errno.
  virtual int add(int fd, ConnectionId id, bool read, bool write) = 0;
  // Also where nothing changes: what is ready, and was reported already, is reported again.
  virtual int change(int fd, ConnectionId id, bool read, bool write) = 0;
  // fd: -1 where it was closed before.
  virtual void remove(int fd, ConnectionId id) = 0;

  // What was asked for so far takes effect: before the loop waits, and before a descriptor that was
  // removed is closed.
  virtual void settle() = 0;
  // All are removed.
  virtual void clear() = 0;

  // Fills `out` (room for kBatch) without waiting and returns how many there are.
  static constexpr int kBatch = 256;
  virtual int wait(Ready* out) = 0;

  // Sends of several descriptors, carried out together and without waiting.
  struct Send {
    int fd;
    const uint8_t* bytes;
    size_t size;
    IoResult result{IoResult::Status::done};
  };
  // How many go together; 0: none do, each is best sent by itself.
  virtual size_t sendsTogether() const { return 0; }
  // So many at most. When it returns none is in flight, and each has its result.
  virtual void send(std::span<Send>) {}
};

}  // namespace lwspool

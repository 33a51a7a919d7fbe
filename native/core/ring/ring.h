// An io_uring (io_uring(7)) and the operations that are in flight on it, by numbers, of a place in
// the lower half and its generation in the upper one, that are not used again: what comes late for
// an old one finds nobody. One thread only, that which opened it.
//
// Operations work on a reference of the ring's own to a connection's socket, never on a
// descriptor's number, and each has a pin on its lease (../lease/pin.h). So whatever the kernel
// still does, it does to that connection, and before that goes back to its worker.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "buffer_ring.h"
#include "operation.h"

namespace lwspool {

struct RingOptions {
  uint32_t entries = 256;      // operations that can be submitted together
  uint32_t completions = 512;  // answers that can wait; more of them wait in the kernel
  uint32_t registered = 256;   // sockets that are registered; more of them are duplicated
  uint32_t bufferCount = 64;   // for receiveMany
  uint32_t bufferSize = 4096;  // bytes
};

class Ring {
 public:
  explicit Ring(const RingOptions&);
  // With nothing in flight: see close().
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Once; an errno.
  int open();
  // Readable when answers have come.
  int eventDescriptor() const { return event_; }
  // After that, before take().
  void clearEvent();

  // Makes a reference to that socket; an errno. Operations in flight have their own.
  int attach(int fd, int& target);
  void detach(int target);

  // An operation, which does nothing before it is started. EBUSY, EOPNOTSUPP.
  int create(Operation&&, uint64_t& id);
  void discard(uint64_t id);  // one that was not started
  // Several are a chain: each begins when the one before it has done all it was to do, and if that
  // fails, they are all cancelled. ENOSPC: longer than the ring. A quiet one that does its work has
  // no answer of its own: the next one's, which could not begin otherwise, tells of it. If it
  // fails, its answer is given as that of the next one, and the kernel is silent about all behind
  // it; so there may be but that one.
  int start(std::span<const uint64_t> ids);
  // Ends with ECANCELED what has not ended by itself. The kernel does not find an operation that
  // is just going from one of its queues to another, that has its turn in a chain yet to come, or
  // while it has no memory for the request: each submit() asks again, until it has ended.
  void cancel(uint64_t id);
  // Hands over what was started and cancelled, at the latest before the loop waits. EAGAIN: the
  // kernel has no memory for it now.
  int submit();
  bool unsubmitted() const { return io_uring_sq_ready(&ring_) > 0; }
  // Something was cancelled that has not ended: submit() has to be called again, soon.
  bool cancelling();
  // While it is off, answers do not make the event descriptor readable: look with answered().
  void notify(bool on);
  // There is something to take.
  bool answered() const;

  // Answers in their order, so many at most. The numbers of those that have ended are used again,
  // in their next generation, from the next call on.
  size_t take(std::span<Completion> out);
  // Waits for some; milliseconds at most.
  void wait(uint64_t timeout);
  // Operations that have not had their last answer.
  size_t inFlight() const { return inFlight_; }
  // The next number for a chain, over all rings.
  static uint64_t nextChain();

  // Of a completion with kBuffer.
  uint8_t* buffer(uint16_t number) { return buffers_.at(number); }
  void giveBack(uint16_t number) { buffers_.giveBack(number); }

  // Cancels all there is and waits for it, milliseconds at most; what does not end by then costs
  // its connection. Nothing can be started any more, answers can be taken. Any number of times.
  void close(uint64_t patience);

 private:
  static constexpr uint64_t kNobody = 0;  // user_data of what nobody waits for

  struct Socket {
    int fd = -1;  // a duplicate, or an index in the table of registered files
    bool fixed = false;
  };
  enum class State : uint8_t {
    free,
    created,
    started,
    cancelled,
    acknowledging  // a sendZeroCopy that only waits for its peer: nothing ends that
  };
  // Used again and again, each time as the next generation.
  struct Entry {
    Operation operation;
    uint32_t generation = 0;
    State state = State::free;
    uint64_t partner = 0;  // of a quiet one and the next: the other
  };

  Entry* find(uint64_t id);
  void end(Entry&);
  void free(uint64_t id);
  void prepare(io_uring_sqe&, Operation&);
  bool prepareCancel(uint64_t id);
  int enter();
  void collect();
  bool answersWait() const;
  void settle(const io_uring_cqe&);
  void account(Operation&, int32_t result, uint32_t flags);
  void settleUnsent(uint64_t id, Entry&, int32_t result);

  const RingOptions options_;
  io_uring ring_{};
  bool isOpen_ = false;
  bool closed_ = false;
  int event_ = -1;
  std::vector<Socket> sockets_;
  std::vector<int> freeSockets_;
  std::vector<int> freeFiles_;  // indices in the table of registered files
  std::deque<Entry> entries_;   // which never move: the kernel reads of them
  std::vector<uint32_t> freeEntries_;
  size_t inFlight_ = 0;
  std::vector<uint64_t> cancelled_;  // each once; some may have ended since
  std::vector<Completion> done_;     // answers that were not taken
  size_t taken_ = 0;                 // of those, at the front
  size_t known_ = 0;                 // of those, so that their places may be used again
  BufferRing buffers_;               // the kernel may write to it as long as the ring is there
};

}  // namespace lwspool

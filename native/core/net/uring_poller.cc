#include "uring_poller.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "transport.h"

namespace lwspool {

namespace {

constexpr unsigned kSubmissions = 256;
constexpr unsigned kCompletions = 4096;
// Of what nobody asks the end of: cancelling.
constexpr uint64_t kUnheard = UINT64_MAX;

constexpr uint64_t nameOf(uint32_t slot, uint32_t serial) {
  return (uint64_t{serial} << 32) | slot;
}

}  // namespace

std::unique_ptr<UringPoller> UringPoller::make(std::string& reason) {
  std::unique_ptr<UringPoller> made(new UringPoller());
  io_uring_params params{};
  // Completions are made only while the worker asks for them: nothing interrupts it (Linux 6.1).
  params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_TASKRUN_FLAG;
  params.cq_entries = kCompletions;
  int result = io_uring_queue_init_params(kSubmissions, &made->ring_, &params);
  if (result < 0) {
    reason = std::string("io_uring_setup: ") + errnoName(-result);
    if (result == -EINVAL) reason += ", the kernel is older than 6.1";
    return nullptr;
  }
  made->made_ = true;
  made->event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (made->event_ < 0) {
    reason = std::string("eventfd: ") + errnoName(errno);
    return nullptr;
  }
  result = io_uring_register_eventfd(&made->ring_, made->event_);
  if (result < 0) {
    reason = std::string("io_uring_register: ") + errnoName(-result);
    return nullptr;
  }
  return made;
}

UringPoller::~UringPoller() {
  if (made_) io_uring_queue_exit(&ring_);
  if (event_ >= 0) close(event_);
}

// --- what is asked for ---------------------------------------------------------------------------

UringPoller::Watch& UringPoller::watch(uint32_t slot) {
  if (slot >= watches_.size()) watches_.resize(slot + 1);
  return watches_[slot];
}

io_uring_sqe* UringPoller::entry() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) {
    enter();
    sqe = io_uring_get_sqe(&ring_);
  }
  return sqe;
}

void UringPoller::arm(uint32_t slot) {
  Watch& one = watch(slot);
  one.serial++;
  one.armed = true;
  io_uring_sqe* const sqe = entry();
  if (sqe == nullptr) return;
  io_uring_prep_poll_multishot(sqe, one.fd, one.mask);
  io_uring_sqe_set_data64(sqe, nameOf(slot, one.serial));
}

void UringPoller::disarm(uint32_t slot) {
  Watch& one = watch(slot);
  if (!std::exchange(one.armed, false)) return;
  io_uring_sqe* const sqe = entry();
  if (sqe == nullptr) return;
  // Not IORING_OP_POLL_REMOVE: that leaves a poll alone which has something to tell just then.
  io_uring_prep_cancel64(sqe, nameOf(slot, one.serial), 0);
  io_uring_sqe_set_data64(sqe, kUnheard);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

int UringPoller::add(int fd, ConnectionId id, bool read, bool write) {
  if (fd < 0) return EBADF;
  Watch& one = watch(id.slot);
  if (one.armed) return EEXIST;
  one.fd = fd;
  one.generation = id.generation;
  one.mask = (read ? POLLIN | POLLRDHUP : 0) | (write ? POLLOUT : 0);
  arm(id.slot);
  return 0;
}

// Also where nothing changes: as with EPOLL_CTL_MOD, what is ready is reported again.
int UringPoller::change(int fd, ConnectionId id, bool read, bool write) {
  if (!watch(id.slot).armed) return ENOENT;
  disarm(id.slot);
  return add(fd, id, read, write);
}

void UringPoller::remove(int, ConnectionId id) { disarm(id.slot); }

void UringPoller::again(ConnectionId id) {
  Watch& one = watch(id.slot);
  if (!one.armed || one.generation != id.generation) return;
  disarm(id.slot);
  arm(id.slot);
}

// --- to the kernel and back ----------------------------------------------------------------------

// Submits, and has the kernel do what it has deferred: letting go of descriptors among it.
void UringPoller::enter() { io_uring_submit_and_get_events(&ring_); }

void UringPoller::settle() {
  if (io_uring_sq_ready(&ring_) == 0) return;
  enter();
  if (io_uring_cq_ready(&ring_) > 0) signal();
}

void UringPoller::signal() {
  const uint64_t one = 1;
  // It fails only where it is readable anyway.
  if (write(event_, &one, sizeof one) < 0) return;
}

void UringPoller::clear() {
  for (Watch& one : watches_) one.armed = false;
  settle();
  io_uring_sqe* const sqe = entry();
  if (sqe == nullptr) return;
  io_uring_prep_cancel(sqe, nullptr, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
  io_uring_sqe_set_data64(sqe, kUnheard);
  enter();
  Ready none[kBatch];
  // What was cancelled ends in deferred work, which is done in pieces.
  for (enter(); io_uring_cq_ready(&ring_) > 0; enter()) reap(none, kBatch);
}

// Whether there is anything to be had; the kernel does deferred work in pieces, and sets the flag
// again where some is left. It may also set it late, for work that is done: so the flag alone is
// no reason to go round again.
bool UringPoller::more() const {
  return io_uring_cq_ready(&ring_) > 0 ||
         (IO_URING_READ_ONCE(*ring_.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

int UringPoller::reap(Ready* out, int room) {
  unsigned head;
  unsigned seen = 0;
  int count = 0;
  io_uring_cqe* cqe;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    if (count == room) break;
    seen++;
    const auto slot = static_cast<uint32_t>(cqe->user_data);
    const auto serial = static_cast<uint32_t>(cqe->user_data >> 32);
    if (cqe->user_data == kUnheard || slot >= watches_.size()) continue;
    Watch& one = watches_[slot];
    if (!one.armed || one.serial != serial) continue;
    // A poll that could not go on is made anew; one that never began is for a read to tell of.
    const bool failed = cqe->res < 0;
    if (failed) {
      one.armed = false;
    } else if ((cqe->flags & IORING_CQE_F_MORE) == 0) {
      arm(slot);
    }
    const bool broken = failed || (cqe->res & (POLLERR | POLLHUP)) != 0;
    // The kernel tells of POLLRDHUP whether it was asked for or not.
    const auto told = failed ? 0 : static_cast<uint32_t>(cqe->res) & one.mask;
    if (told == 0 && !broken) continue;
    out[count++] = {{slot, one.generation},
                    (told & (POLLIN | POLLRDHUP)) != 0,
                    (told & POLLOUT) != 0,
                    broken,
                    broken || (told & POLLRDHUP) != 0};
  }
  io_uring_cq_advance(&ring_, seen);
  return count;
}

int UringPoller::wait(Ready* out) {
  uint64_t ignored;
  if (read(event_, &ignored, sizeof ignored) < 0 && errno != EAGAIN) return 0;
  // What comes to be known in here need not be signalled.
  io_uring_cq_eventfd_toggle(&ring_, false);
  int count = 0;
  for (bool some = true; some && count < kBatch && (count == 0 || more());) {
    enter();
    some = io_uring_cq_ready(&ring_) > 0;
    count += reap(out + count, kBatch - count);
  }
  io_uring_cq_eventfd_toggle(&ring_, true);
  // Before the flag is looked at: whoever sets it later finds signalling on.
  __sync_synchronize();
  if (more()) {
    enter();
    if (io_uring_cq_ready(&ring_) > 0) signal();
  }
  return count;
}

}  // namespace lwspool

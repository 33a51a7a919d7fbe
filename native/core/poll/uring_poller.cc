#include "uring_poller.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "../base/errno_name.h"
#include "../io/transport.h"

namespace lwspool {

namespace {

constexpr unsigned kSubmissions = 256;
constexpr unsigned kCompletions = 4096;
// Of what nobody asks the end of: cancelling.
constexpr uint64_t kUnheard = UINT64_MAX;

// In the place of a slot: of a send.
constexpr uint32_t kSend = UINT32_MAX - 1;
constexpr uint32_t kSends = kSubmissions;

IoResult resultOf(int32_t result) {
  if (result >= 0) return {IoResult::Status::done, static_cast<size_t>(result)};
  if (result == -EAGAIN) return {IoResult::Status::again};
  if (result == -EINTR) return {IoResult::Status::done};
  return {IoResult::Status::broken, 0, -result};
}

constexpr uint64_t nameOf(uint32_t slot, uint32_t serial) {
  return (uint64_t{serial} << 32) | slot;
}

}  // namespace

std::unique_ptr<UringPoller> UringPoller::make(std::string& reason) {
  std::unique_ptr<UringPoller> made(new UringPoller());
  io_uring_params params{};
  // Completions are made only while the worker asks for them: nothing interrupts it (Linux 6.1).
  params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER |
                 IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
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

// Valid until the next one.
io_uring_sqe& UringPoller::entry() {
  io_uring_sqe* sqe = waiting_.empty() ? io_uring_get_sqe(&ring_) : nullptr;
  if (sqe == nullptr) {
    enter();
    sqe = waiting_.empty() ? io_uring_get_sqe(&ring_) : nullptr;
  }
  return sqe != nullptr ? *sqe : waiting_.emplace_back();
}

void UringPoller::arm(uint32_t slot) {
  Watch& one = watch(slot);
  one.serial++;
  one.armed = true;
  io_uring_sqe& sqe = entry();
  io_uring_prep_poll_multishot(&sqe, one.fd, one.mask);
  io_uring_sqe_set_data64(&sqe, nameOf(slot, one.serial));
}

void UringPoller::disarm(uint32_t slot) {
  Watch& one = watch(slot);
  if (!std::exchange(one.armed, false)) return;
  io_uring_sqe& sqe = entry();
  // Not IORING_OP_POLL_REMOVE: that leaves a poll alone which has something to tell just then.
  io_uring_prep_cancel64(&sqe, nameOf(slot, one.serial), 0);
  io_uring_sqe_set_data64(&sqe, kUnheard);
  sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

int UringPoller::add(int fd, ConnectionId id, bool read, bool write) {
  if (fd < 0) return EBADF;
  Watch& one = watch(id.slot);
  if (one.armed) return EEXIST;
  one.fd = fd;
  one.generation = id.generation;
  // Not POLLPRI: a poll with it costs half as much again for each message.
  one.mask = (read ? POLLIN | POLLRDHUP : 0) | (write ? POLLOUT : 0);
  arm(id.slot);
  return 0;
}

int UringPoller::change(int fd, ConnectionId id, bool read, bool write) {
  if (!watch(id.slot).armed) return ENOENT;
  disarm(id.slot);
  return add(fd, id, read, write);
}

void UringPoller::remove(int, ConnectionId id) { disarm(id.slot); }

// --- to the kernel and back ----------------------------------------------------------------------

// Submits, and has the kernel do what it has deferred: letting go of descriptors among it.
void UringPoller::enter() {
  io_uring_submit_and_get_events(&ring_);
  while (!waiting_.empty() && io_uring_sq_space_left(&ring_) > 0) {
    const size_t count = std::min<size_t>(waiting_.size(), io_uring_sq_space_left(&ring_));
    for (size_t i = 0; i < count; i++) *io_uring_get_sqe(&ring_) = waiting_[i];
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(count));
    io_uring_submit_and_get_events(&ring_);
  }
}

// What the kernel has not been told, or has not taken: it may have no memory for it now.
bool UringPoller::unsubmitted() const { return io_uring_sq_ready(&ring_) > 0 || !waiting_.empty(); }

// What comes to be known from now on need not be signalled: settle() looks for it.
void UringPoller::muteEventfd() {
  if (!std::exchange(muted_, true)) io_uring_cq_eventfd_toggle(&ring_, false);
}

void UringPoller::settle() {
  const bool asked = unsubmitted();
  if (asked) enter();
  if (std::exchange(muted_, false)) {
    io_uring_cq_eventfd_toggle(&ring_, true);
    // Before the flag is looked at: whoever sets it later finds signalling on.
    __sync_synchronize();
    if (more() && io_uring_cq_ready(&ring_) == 0) enter();
  } else if (!asked) {
    return;
  }
  // What was refused is asked for again in the next turn.
  if (io_uring_cq_ready(&ring_) > 0 || !kept_.empty() || unsubmitted()) signal();
}

void UringPoller::signal() {
  const uint64_t one = 1;
  // It fails only where it is readable anyway.
  if (write(event_, &one, sizeof one) < 0) return;
}

void UringPoller::clear() {
  for (Watch& one : watches_) one.armed = false;
  settle();
  io_uring_sqe& sqe = entry();
  io_uring_prep_cancel(&sqe, nullptr, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
  io_uring_sqe_set_data64(&sqe, kUnheard);
  enter();
  Ready none[kBatch];
  // What was cancelled ends in deferred work, which is done in pieces.
  for (enter(); io_uring_cq_ready(&ring_) > 0; enter()) reap(none, kBatch);
  kept_.clear();
}

// Whether there is anything to be had; the kernel does deferred work in pieces, and sets the flag
// again where some is left. It may also set it late, for work that is done: so the flag alone is
// no reason to go round again.
bool UringPoller::more() const {
  return io_uring_cq_ready(&ring_) > 0 || !kept_.empty() ||
         (IO_URING_READ_ONCE(*ring_.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

// Takes the kernel's answers as long as `take(answer)` wants another.
template <class Take>
void UringPoller::answers(Take take) {
  unsigned head;
  unsigned seen = 0;
  io_uring_cqe* cqe;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    if (!take(Answer{cqe->user_data, cqe->res, cqe->flags})) break;
    seen++;
  }
  io_uring_cq_advance(&ring_, seen);
}

int UringPoller::reap(Ready* out, int room) {
  int count = 0;
  size_t taken = 0;
  for (; taken < kept_.size() && count < room; taken++) count += tell(kept_[taken], out[count]);
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<ptrdiff_t>(taken));
  answers([&](const Answer& answer) {
    if (count == room) return false;
    count += tell(answer, out[count]);
    return true;
  });
  return count;
}

// Whether it is of interest.
bool UringPoller::tell(const Answer& answer, Ready& out) {
  const auto slot = static_cast<uint32_t>(answer.name);
  const auto serial = static_cast<uint32_t>(answer.name >> 32);
  if (answer.name == kUnheard || slot >= watches_.size()) return false;
  Watch& one = watches_[slot];
  if (!one.armed || one.serial != serial) return false;
  // A poll that could not go on is made anew; one that never began is for a read to tell of.
  const bool failed = answer.result < 0;
  if (failed) {
    one.serial++;  // nothing is polled, until it is asked for anew
  } else if ((answer.flags & IORING_CQE_F_MORE) == 0) {
    arm(slot);
  }
  const bool broken = failed || (answer.result & (POLLERR | POLLHUP)) != 0;
  // The kernel tells of POLLRDHUP whether it was asked for or not.
  const auto told = failed ? 0 : static_cast<uint32_t>(answer.result) & one.mask;
  if (told == 0 && !broken) return false;
  out = {{slot, one.generation},
         (told & (POLLIN | POLLRDHUP)) != 0,
         (told & POLLOUT) != 0,
         broken,
         broken || (told & POLLRDHUP) != 0};
  return true;
}

int UringPoller::wait(Ready* out) {
  uint64_t ignored;
  if (read(event_, &ignored, sizeof ignored) < 0 && errno != EAGAIN) return 0;
  muteEventfd();
  int count = 0;
  for (bool some = true; some && count < kBatch && (count == 0 || more());) {
    enter();
    some = io_uring_cq_ready(&ring_) > 0 || !kept_.empty();
    count += reap(out + count, kBatch - count);
  }
  return count;
}

// --- sends ---------------------------------------------------------------------------------------

size_t UringPoller::sendsTogether() const { return kSends; }

// On a socket the kernel carries out a send that must not wait while it takes it in: once that has
// been asked for, its answer is there.
void UringPoller::send(std::span<Send> sends) {
  muteEventfd();
  if (unsubmitted() && io_uring_sq_space_left(&ring_) < sends.size()) enter();
  keep({});  // all answers find room then, and none has to wait in the kernel
  batch_ += kSends;
  size_t open = 0;
  for (; open < sends.size(); open++) {
    Send& one = sends[open];
    io_uring_sqe* const sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) break;
    io_uring_prep_send(sqe, one.fd, one.bytes, std::min<size_t>(one.size, INT_MAX),
                       MSG_NOSIGNAL | MSG_DONTWAIT);
    io_uring_sqe_set_data64(sqe, nameOf(kSend, batch_ + static_cast<uint32_t>(open)));
    one.result = {IoResult::Status::broken, 0, EIO};  // if the kernel said nothing at all
  }
  io_uring_submit(&ring_);
  open -= withdraw(sends);
  open -= keep(sends);
  if (open > 0) enter();
  keep(sends);
}

// What the kernel has not taken, for want of memory, it must not find there later.
size_t UringPoller::withdraw(std::span<Send> sends) {
  size_t count = 0;
  for (unsigned left = io_uring_sq_ready(&ring_); left > 0; left--) {
    io_uring_sqe& sqe = ring_.sq.sqes[(ring_.sq.sqe_tail - left) & ring_.sq.ring_mask];
    if (static_cast<uint32_t>(sqe.user_data) != kSend) continue;
    sends[(sqe.user_data >> 32) - batch_].result = {IoResult::Status::done};
    io_uring_prep_nop(&sqe);
    io_uring_sqe_set_data64(&sqe, kUnheard);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
    count++;
  }
  return count;
}

// Gives sends their results, says how many, and keeps what polls have told for wait().
size_t UringPoller::keep(std::span<Send> sends) {
  size_t count = 0;
  answers([&](const Answer& answer) {
    if (static_cast<uint32_t>(answer.name) != kSend) {
      kept_.push_back(answer);
      return true;
    }
    const uint32_t index = static_cast<uint32_t>(answer.name >> 32) - batch_;
    if (index < sends.size()) {
      sends[index].result = resultOf(answer.result);
      count++;
    }
    return true;
  });
  return count;
}

}  // namespace lwspool

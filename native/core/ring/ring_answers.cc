// What the kernel answers, and what it has done to the streams. The ring's thread.
#include <algorithm>
#include <cerrno>

#include "ring.h"

namespace lwspool {

namespace {

constexpr unsigned kBatch = 64;
// Less than what the kernel finishes of its own when it is asked (IO_LOCAL_TW_DEFAULT_MAX).
constexpr size_t kFinishedAtOnce = 16;

using Op = Operation::Kind;

const char* syscallOf(Op kind) {
  return kind == Op::send || kind == Op::sendZeroCopy ? "send" : "recv";
}

// Errors of an operation that do not say that the connection is lost.
bool isOwn(int error) {
  switch (error) {
    case EAGAIN:
    case ECANCELED:
    case EFAULT:
    case EINTR:
    case EINVAL:
    case EMSGSIZE:
    case ENOBUFS:
    case ENOMEM:
    case EOPNOTSUPP:
      return true;
    default:
      return false;
  }
}

// Calls `run(data, size)` with the parts that so many bytes fill.
template <class Run>
void forEachPart(const std::vector<iovec>& parts, size_t bytes, Run run) {
  for (const iovec& part : parts) {
    const size_t size = std::min(bytes, part.iov_len);
    if (size == 0) return;
    run(static_cast<uint8_t*>(part.iov_base), size);
    bytes -= size;
  }
}

size_t sizeOf(const std::vector<iovec>& parts) {
  size_t size = 0;
  for (const iovec& part : parts) size += part.iov_len;
  return size;
}

}  // namespace

size_t Ring::take(std::span<Completion> out) {
  // What was taken last is known by now.
  for (; known_ < taken_; known_++) {
    const Completion& one = done_[known_];
    if ((one.flags & Completion::kMore) == 0) freeEntries_.push_back(static_cast<uint32_t>(one.id));
  }
  if (taken_ == done_.size()) {
    done_.clear();
    taken_ = known_ = 0;
  }
  collect();
  const size_t count = std::min(out.size(), done_.size() - taken_);
  std::copy_n(done_.begin() + static_cast<ptrdiff_t>(taken_), count, out.begin());
  taken_ += count;
  return count;
}

bool Ring::answered() const { return taken_ < done_.size() || answersWait(); }

bool Ring::answersWait() const {
  return io_uring_cq_ready(&ring_) > 0 ||
         (IO_URING_READ_ONCE(*ring_.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

void Ring::wait(uint64_t timeout) {
  if (submit() != 0) return;
  __kernel_timespec time{static_cast<int64_t>(timeout / 1000),
                         static_cast<long long>(timeout % 1000) * 1'000'000};
  io_uring_cqe* answer = nullptr;
  io_uring_wait_cqe_timeout(&ring_, &answer, &time);
  collect();
}

// Takes what the kernel has, also what did not fit in the queue of answers.
void Ring::collect() {
  if (!isOpen_) return;
  io_uring_cqe* answers[kBatch];
  // The kernel finishes only so many at once, maybe without an answer, and tells of the rest by a
  // flag alone: no event comes for it. But it may also set that flag late, for what is done
  // already, and then nothing takes it back: once all in flight have had their turn it says
  // nothing.
  const size_t most = inFlight() / kFinishedAtOnce + 2;
  for (size_t fruitless = 0; fruitless < most && answersWait();) {
    const unsigned count = io_uring_peek_batch_cqe(&ring_, answers, kBatch);
    for (unsigned i = 0; i < count; i++) settle(*answers[i]);
    io_uring_cq_advance(&ring_, count);
    fruitless = count > 0 ? 0 : fruitless + 1;
  }
}

void Ring::settle(const io_uring_cqe& answer) {
  if (answer.user_data == kNobody) return;
  Entry* const entry = find(answer.user_data);
  if (entry == nullptr) return;
  Operation& operation = entry->operation;
  if (operation.quiet) return settleUnsent(answer.user_data, *entry, answer.res);
  if (entry->partner != kNobody) {
    Operation& sent = find(entry->partner)->operation;
    account(sent, static_cast<int32_t>(sizeOf(sent.parts)), 0);
    free(entry->partner);
  }
  Completion completion{answer.user_data, answer.res, 0};
  if ((answer.flags & IORING_CQE_F_NOTIF) != 0) {
    completion.flags |= Completion::kNotification;
  } else {
    // The end that it has found is our own, not the peer's.
    if (answer.res <= 0 && operation.pin.orphaned()) completion.result = -ECANCELED;
    account(operation, answer.res, answer.flags);
  }
  if ((answer.flags & IORING_CQE_F_BUFFER) != 0) {
    completion.flags |= Completion::kBuffer | (answer.flags >> IORING_CQE_BUFFER_SHIFT) << 16;
  }
  const bool more = (answer.flags & IORING_CQE_F_MORE) != 0;
  // All that is left of a sendZeroCopy needs its memory, and not the lease.
  if (entry->state != State::acknowledging && (!more || operation.kind == Op::sendZeroCopy)) {
    completion.flags |= Completion::kLeft;
    if (operation.pin.drop()) completion.flags |= Completion::kClosing;
  }
  if (more) {
    completion.flags |= Completion::kMore;
    if (operation.kind == Op::sendZeroCopy) entry->state = State::acknowledging;
  } else {
    end(*entry);
  }
  done_.push_back(completion);
}

// A quiet one has failed, or did not do all of its work; what it was in front of never begins.
void Ring::settleUnsent(uint64_t id, Entry& entry, int32_t result) {
  const uint64_t next = entry.partner;
  Pin& pin = entry.operation.pin;
  int error = result < 0 ? -result : ECANCELED;
  if (pin.orphaned()) {
    error = ECANCELED;
  } else if (result >= 0 && entry.state != State::cancelled) {
    // Part of it went. Why not the rest, the kernel has told nobody, and does not tell again.
    error = EPIPE;
    pin.lost("send", error);
  }
  account(entry.operation, result, 0);
  free(id);
  Completion completion{next, -error, Completion::kUnsent | Completion::kLeft};
  Entry& behind = *find(next);
  if (behind.operation.pin.drop()) completion.flags |= Completion::kClosing;
  end(behind);
  done_.push_back(completion);
}

// What an operation has done to the stream. Before its pin is dropped.
void Ring::account(Operation& operation, int32_t result, uint32_t flags) {
  switch (operation.kind) {
    case Op::receive:
    case Op::receiveMany:
    case Op::send:
    case Op::sendZeroCopy:
      break;
    default:
      return;
  }
  Pin& pin = operation.pin;
  if (result < 0) {
    if (!isOwn(-result)) pin.lost(syscallOf(operation.kind), -result);
    return;
  }
  const auto bytes = static_cast<size_t>(result);
  if (operation.kind == Op::receiveMany) {
    if ((flags & IORING_CQE_F_BUFFER) == 0 || bytes == 0) return;
    pin.hasRead(buffers_.at(static_cast<uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT)), bytes);
  } else if (operation.kind == Op::receive) {
    forEachPart(operation.parts, bytes, [&](uint8_t* d, size_t n) { pin.hasRead(d, n); });
  } else {
    forEachPart(operation.parts, bytes, [&](uint8_t* d, size_t n) { pin.hasWritten(d, n); });
  }
}

}  // namespace lwspool

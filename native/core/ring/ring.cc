#include "ring.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "../clock.h"

namespace lwspool {

namespace {

constexpr unsigned kBatch = 64;
// Less than what the kernel finishes of its own when it is asked (IO_LOCAL_TW_DEFAULT_MAX).
constexpr size_t kFinishedAtOnce = 16;
// user_data of what nobody waits for.
constexpr uint64_t kNobody = 0;

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

// Calls `use(data, size)` with the parts that so many bytes fill.
template <class Use>
void forEachPart(const std::vector<iovec>& parts, size_t bytes, Use use) {
  for (const iovec& part : parts) {
    const size_t size = std::min(bytes, part.iov_len);
    if (size == 0) return;
    use(static_cast<uint8_t*>(part.iov_base), size);
    bytes -= size;
  }
}

size_t sizeOf(const std::vector<iovec>& parts) {
  size_t size = 0;
  for (const iovec& part : parts) size += part.iov_len;
  return size;
}

}  // namespace

Ring::Ring(const RingOptions& options)
    : options_(options), buffers_(options.bufferCount, options.bufferSize) {}

Ring::~Ring() {
  close(0);
  if (isOpen_) io_uring_queue_exit(&ring_);
  if (event_ >= 0) ::close(event_);
  for (const Target& target : targets_) {
    if (target.fd >= 0 && !target.fixed) ::close(target.fd);
  }
}

int Ring::open() {
  io_uring_params params{};
  params.cq_entries = options_.completions;
  const unsigned always = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL;
  // Linux 6.1: what completes is finished when this thread asks, not whenever the kernel likes.
  params.flags =
      always | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
  int result = io_uring_queue_init_params(options_.entries, &ring_, &params);
  if (result == -EINVAL) {
    params = {};
    params.cq_entries = options_.completions;
    params.flags = always;
    result = io_uring_queue_init_params(options_.entries, &ring_, &params);
  }
  if (result < 0) return -result;
  isOpen_ = true;
  event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_ < 0) return errno;
  result = io_uring_register_eventfd(&ring_, event_);
  if (result < 0) return -result;
  if (options_.registered == 0) return 0;
  // Where the limit of descriptors is lower, all are duplicated.
  if (io_uring_register_files_sparse(&ring_, options_.registered) != 0) return 0;
  for (uint32_t i = options_.registered; i > 0; i--) freeFiles_.push_back(static_cast<int>(i - 1));
  return 0;
}

void Ring::clearEvent() {
  uint64_t count;
  // What it says is of no interest, only that it is not readable any more.
  [[maybe_unused]] const ssize_t result = read(event_, &count, sizeof count);
}

// --- sockets -------------------------------------------------------------------------------------

int Ring::attach(int fd, int& target) {
  Target made;
  if (!freeFiles_.empty()) {
    made = {freeFiles_.back(), true};
    const int result =
        io_uring_register_files_update(&ring_, static_cast<unsigned>(made.fd), &fd, 1);
    if (result < 0) return -result;
    freeFiles_.pop_back();
  } else {
    made.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (made.fd < 0) return errno;
  }
  if (freeTargets_.empty()) {
    target = static_cast<int>(targets_.size());
    targets_.push_back(made);
  } else {
    target = freeTargets_.back();
    freeTargets_.pop_back();
    targets_[static_cast<size_t>(target)] = made;
  }
  return 0;
}

void Ring::detach(int target) {
  Target& known = targets_[static_cast<size_t>(target)];
  if (known.fixed) {
    const int none = -1;
    io_uring_register_files_update(&ring_, static_cast<unsigned>(known.fd), &none, 1);
    freeFiles_.push_back(known.fd);
  } else {
    ::close(known.fd);
  }
  known = {};
  freeTargets_.push_back(target);
}

// --- operations ----------------------------------------------------------------------------------

uint64_t Ring::nextChain() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

int Ring::create(Operation&& operation, uint64_t& id) {
  if (closed_) return ECANCELED;
  if (operation.kind == Op::receiveMany) {
    if (const int error = buffers_.open(ring_)) return error;
  }
  if (freeEntries_.empty()) {
    freeEntries_.push_back(static_cast<uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const uint32_t place = freeEntries_.back();
  freeEntries_.pop_back();
  Entry& entry = entries_[place];
  if (++entry.generation == 0) entry.generation = 1;  // or it could be kNobody
  entry.operation = std::move(operation);
  entry.partner = kNobody;
  entry.state = State::created;
  id = uint64_t{entry.generation} << 32 | place;
  return 0;
}

Ring::Entry* Ring::find(uint64_t id) {
  const auto place = static_cast<uint32_t>(id);
  if (place >= entries_.size()) return nullptr;
  Entry& entry = entries_[place];
  return entry.generation == id >> 32 && entry.state != State::free ? &entry : nullptr;
}

// It is over. Its place stays as it is until whoever takes the answer knows of that.
void Ring::end(Entry& entry) {
  if (entry.state != State::created) inFlight_--;
  entry.state = State::free;
  entry.operation.pin.drop();
}

void Ring::free(uint64_t id) {
  const auto place = static_cast<uint32_t>(id);
  end(entries_[place]);
  freeEntries_.push_back(place);
}

void Ring::discard(uint64_t id) {
  const Entry* const entry = find(id);
  if (entry != nullptr && entry->state == State::created) free(id);
}

int Ring::start(std::span<const uint64_t> ids) {
  if (closed_) return ECANCELED;
  if (ids.size() > options_.entries) return ENOSPC;
  // A chain is submitted as a whole, or it would be cut.
  if (io_uring_sq_space_left(&ring_) < ids.size()) {
    if (const int error = enter()) return error;
    if (io_uring_sq_space_left(&ring_) < ids.size()) return EBUSY;
  }
  for (size_t i = 0; i < ids.size(); i++) {
    const Entry* const entry = find(ids[i]);
    if (entry == nullptr || entry->state != State::created) return EINVAL;
    if (entry->operation.quiet && i + 2 != ids.size()) return EINVAL;
  }
  for (size_t i = 0; i < ids.size(); i++) {
    Entry& entry = *find(ids[i]);
    io_uring_sqe* const sqe = io_uring_get_sqe(&ring_);
    prepare(*sqe, entry.operation);
    io_uring_sqe_set_data64(sqe, ids[i]);
    if (i + 1 < ids.size()) sqe->flags |= IOSQE_IO_LINK;
    if (entry.operation.quiet) {
      sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
      entry.partner = ids[i + 1];
      find(ids[i + 1])->partner = ids[i];
    }
    entry.state = State::started;
    inFlight_++;
  }
  return 0;
}

void Ring::prepare(io_uring_sqe& sqe, Operation& operation) {
  const bool socket = operation.target >= 0;
  const Target target = socket ? targets_[static_cast<size_t>(operation.target)] : Target{};
  auto& parts = operation.parts;
  const bool single = parts.size() == 1;
  operation.message.msg_iov = parts.data();
  operation.message.msg_iovlen = parts.size();
  const auto flags = static_cast<unsigned>(operation.flags);
  switch (operation.kind) {
    case Op::poll:
      io_uring_prep_poll_add(&sqe, target.fd, operation.events);
      break;
    case Op::pollMany:
      io_uring_prep_poll_multishot(&sqe, target.fd, operation.events);
      break;
    case Op::receive:
      if (single) {
        io_uring_prep_recv(&sqe, target.fd, parts[0].iov_base, parts[0].iov_len, operation.flags);
      } else {
        io_uring_prep_recvmsg(&sqe, target.fd, &operation.message, flags);
      }
      break;
    case Op::receiveMany:
      io_uring_prep_recv_multishot(&sqe, target.fd, nullptr, 0, 0);
      sqe.buf_group = BufferRing::kGroup;
      sqe.flags |= IOSQE_BUFFER_SELECT;
      break;
    case Op::send:
      if (single) {
        io_uring_prep_send(&sqe, target.fd, parts[0].iov_base, parts[0].iov_len, operation.flags);
      } else {
        io_uring_prep_sendmsg(&sqe, target.fd, &operation.message, flags);
      }
      break;
    case Op::sendZeroCopy:
      io_uring_prep_send_zc(&sqe, target.fd, parts[0].iov_base, parts[0].iov_len, operation.flags,
                            0);
      break;
    case Op::timeout:
      // Its end is what was asked for: a chain goes on after it.
      io_uring_prep_timeout(&sqe, &operation.time, 0, IORING_TIMEOUT_ETIME_SUCCESS);
      break;
    case Op::linkTimeout:
      io_uring_prep_link_timeout(&sqe, &operation.time, 0);
      break;
  }
  if (target.fixed) sqe.flags |= IOSQE_FIXED_FILE;
}

void Ring::cancel(uint64_t id) {
  Entry* const entry = find(id);
  if (entry == nullptr || entry->state != State::started) return;
  entry->state = State::cancelled;
  cancelled_.push_back(id);
  if (entry->partner != kNobody) cancel(entry->partner);
}

bool Ring::cancelling() {
  std::erase_if(cancelled_, [&](uint64_t id) {
    const Entry* const entry = find(id);
    return entry == nullptr || entry->state != State::cancelled;
  });
  return !cancelled_.empty();
}

// False: the kernel takes nothing now.
bool Ring::prepareCancel(uint64_t id) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr && enter() == 0) sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) return false;
  io_uring_prep_cancel64(sqe, id, 0);
  io_uring_sqe_set_data64(sqe, kNobody);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  return true;
}

int Ring::submit() {
  if (!isOpen_) return 0;
  if (const int error = enter()) return error;
  if (!cancelling()) return 0;
  for (const uint64_t id : cancelled_) {
    if (!prepareCancel(id)) break;
  }
  return enter();
}

int Ring::enter() {
  while (unsubmitted()) {
    const int result = io_uring_submit_and_get_events(&ring_);
    if (result > 0 || result == -EINTR) continue;
    // Answers have to be taken first.
    if (result == -EBUSY && io_uring_cq_ready(&ring_) > 0) {
      collect();
      continue;
    }
    return result == 0 ? EAGAIN : -result;
  }
  return 0;
}

void Ring::notify(bool on) {
  io_uring_cq_eventfd_toggle(&ring_, on);
  // What came before the kernel can see it has to be seen by answered().
  __sync_synchronize();
}

// --- answers -------------------------------------------------------------------------------------

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

// --- the end -------------------------------------------------------------------------------------

void Ring::close(uint64_t patience) {
  closed_ = true;
  if (!isOpen_) return;
  const auto forEach = [this](auto act) {
    for (uint32_t place = 0; place < entries_.size(); place++) {
      const Entry& entry = entries_[place];
      if (entry.state != State::free) act(uint64_t{entry.generation} << 32 | place);
    }
  };
  forEach([this](uint64_t id) { discard(id); });
  const uint64_t end = monotonicNow() + patience;
  while (inFlight_ > 0) {
    forEach([this](uint64_t id) { cancel(id); });
    submit();
    collect();
    const uint64_t now = monotonicNow();
    if (inFlight_ == 0 || now >= end) break;
    wait(std::min<uint64_t>(end - now, 10));
  }
  forEach([this](uint64_t id) {
    find(id)->operation.pin.abandon();
    free(id);
  });
}

}  // namespace lwspool

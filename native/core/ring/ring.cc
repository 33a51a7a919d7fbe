#include "ring.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "../base/clock.h"

namespace lwspool {

namespace {

using Op = Operation::Kind;

}  // namespace

Ring::Ring(const RingOptions& options)
    : options_(options), buffers_(options.bufferCount, options.bufferSize) {}

Ring::~Ring() {
  close(0);
  if (isOpen_) io_uring_queue_exit(&ring_);
  if (event_ >= 0) ::close(event_);
  for (const Socket& socket : sockets_) {
    if (socket.fd >= 0 && !socket.fixed) ::close(socket.fd);
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
  Socket made;
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
  if (freeSockets_.empty()) {
    target = static_cast<int>(sockets_.size());
    sockets_.push_back(made);
  } else {
    target = freeSockets_.back();
    freeSockets_.pop_back();
    sockets_[static_cast<size_t>(target)] = made;
  }
  return 0;
}

void Ring::detach(int target) {
  Socket& known = sockets_[static_cast<size_t>(target)];
  if (known.fixed) {
    const int none = -1;
    io_uring_register_files_update(&ring_, static_cast<unsigned>(known.fd), &none, 1);
    freeFiles_.push_back(known.fd);
  } else {
    ::close(known.fd);
  }
  known = {};
  freeSockets_.push_back(target);
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
  const bool hasSocket = operation.target >= 0;
  const Socket socket = hasSocket ? sockets_[static_cast<size_t>(operation.target)] : Socket{};
  auto& parts = operation.parts;
  const bool single = parts.size() == 1;
  operation.message.msg_iov = parts.data();
  operation.message.msg_iovlen = parts.size();
  const auto flags = static_cast<unsigned>(operation.flags);
  switch (operation.kind) {
    case Op::poll:
      io_uring_prep_poll_add(&sqe, socket.fd, operation.events);
      break;
    case Op::pollMany:
      io_uring_prep_poll_multishot(&sqe, socket.fd, operation.events);
      break;
    case Op::receive:
      if (single) {
        io_uring_prep_recv(&sqe, socket.fd, parts[0].iov_base, parts[0].iov_len, operation.flags);
      } else {
        io_uring_prep_recvmsg(&sqe, socket.fd, &operation.message, flags);
      }
      break;
    case Op::receiveMany:
      io_uring_prep_recv_multishot(&sqe, socket.fd, nullptr, 0, 0);
      sqe.buf_group = BufferRing::kGroup;
      sqe.flags |= IOSQE_BUFFER_SELECT;
      break;
    case Op::send:
      if (single) {
        io_uring_prep_send(&sqe, socket.fd, parts[0].iov_base, parts[0].iov_len, operation.flags);
      } else {
        io_uring_prep_sendmsg(&sqe, socket.fd, &operation.message, flags);
      }
      break;
    case Op::sendZeroCopy:
      io_uring_prep_send_zc(&sqe, socket.fd, parts[0].iov_base, parts[0].iov_len, operation.flags,
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
  if (socket.fixed) sqe.flags |= IOSQE_FIXED_FILE;
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

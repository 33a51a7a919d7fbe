// What is to be written on a connection, and how far that is. Positions count all bytes that were
// ever queued. Worker thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../base/connection_id.h"
#include "../base/io_result.h"
#include "../base/out_buffer.h"

namespace lwspool {

class EventSink;

class OutputState {
 public:
  struct Mark {
    uint64_t position;
    uint32_t number;
    EventSink* asker;
  };

  OutBuffer queue;

  // In the list of those to be flushed.
  void setDirty(bool dirty) { dirty_ = dirty; }
  bool dirty() const { return dirty_; }
  // The kernel has just not taken what flush() was to write.
  void noteFull() { full_ = true; }
  bool takeFull() { return std::exchange(full_, false); }
  // A write has failed, with that errno (0: TLS has ended), and flush() is to tell of it.
  void fail(const IoResult& result) {
    failure_ = result.error;
    failureReason_ = result.reason;
  }
  const std::optional<int>& failure() const { return failure_; }
  const char* failureReason() const { return failureReason_; }

  uint64_t queuedBytes() const { return queuedBytes_; }
  uint64_t flushedBytes() const { return flushedBytes_; }
  bool allFlushed() const { return flushedBytes_ == queuedBytes_; }
  void addQueued(size_t bytes) { queuedBytes_ += bytes; }
  // The kernel has taken these.
  void addFlushed(size_t bytes) { flushedBytes_ += bytes; }
  // These were at the front of the queue.
  void consume(size_t bytes) {
    flushedBytes_ += bytes;
    queue.consume(bytes);
  }
  // What is queued, and nothing else, is still to come.
  void recount() { queuedBytes_ = flushedBytes_ + queue.size(); }
  // Nothing that is queued leaves any more.
  void drop() {
    queue.clear();
    queuedBytes_ = flushedBytes_;
  }

  // One side has asked for something to be written, see LedgerEntry::written.
  void noteCommand(Source side) {
    commands_[static_cast<size_t>(side)]++;
    commandsEnd_[static_cast<size_t>(side)] = queuedBytes_;
  }
  // How much that was, of all time; nothing: it is not all written.
  std::optional<uint32_t> commandsDone(Source side) const {
    if (commandsEnd_[static_cast<size_t>(side)] > flushedBytes_ && !queue.empty()) return {};
    return commands_[static_cast<size_t>(side)];
  }

  // So many pongs are queued at most: 8 KB.
  static constexpr uint8_t kMostPongs = 64;

  // A pong of ours lies behind all that is queued now.
  void notePong() {
    pongs_ = pongQueued() ? static_cast<uint8_t>(pongs_ + 1) : uint8_t{1};
    pongPosition_ = queuedBytes_;
  }
  bool mayPong() const { return unanswered_ == nullptr && (!pongQueued() || pongs_ < kMostPongs); }
  // A ping that came while no more pongs could be queued: the last of those is answered.
  void deferPong(std::string payload) {
    unanswered_ = std::make_unique<std::string>(std::move(payload));
  }
  // Its payload, once it can be; null: there is none.
  std::unique_ptr<std::string> takeDeferredPong() {
    return pongQueued() ? nullptr : std::move(unanswered_);
  }

  // The asker is told once all that is queued now is flushed.
  void mark(uint32_t number, EventSink& asker) {
    if (!marks_) marks_ = std::make_unique<std::deque<Mark>>();
    marks_->push_back({queuedBytes_, number, &asker});
  }
  bool hasMarks() const { return marks_ != nullptr; }
  // Those that are reached. Taken out: whoever is told may set another.
  std::vector<Mark> takeReached() {
    std::vector<Mark> reached;
    while (!marks_->empty() && marks_->front().position <= flushedBytes_) {
      reached.push_back(marks_->front());
      marks_->pop_front();
    }
    if (marks_->empty()) marks_.reset();
    return reached;
  }
  void dropMarks() { marks_.reset(); }

 private:
  bool pongQueued() const { return pongPosition_ > flushedBytes_; }

  bool dirty_ = false;
  bool full_ = false;
  uint8_t pongs_ = 0;  // queued; of no meaning where none is
  std::optional<int> failure_;
  const char* failureReason_ = nullptr;
  uint32_t commands_[2] = {};  // by Source
  uint64_t queuedBytes_ = 0;
  uint64_t flushedBytes_ = 0;
  uint64_t commandsEnd_[2] = {};  // queuedBytes() behind the last of those
  uint64_t pongPosition_ = 0;
  std::unique_ptr<std::string> unanswered_;
  std::unique_ptr<std::deque<Mark>> marks_;
};

}  // namespace lwspool

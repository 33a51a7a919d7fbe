// The streams of zlib that a worker's connections share. One object per worker, which outlives
// them.
//
// Inflaters are lent for one message to whoever decodes it where its peer keeps no context from one
// to the next: any thread. Deflaters are for the worker's thread alone. One is shared by all
// messages that refer to none before; and a connection that does keep a context has its own, but
// only the last so many that were used: a sender may begin anew with any message, so that the
// oldest context can be given up for another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "zlib_streams.h"

namespace lwspool::ws {

class DeflatePool {
 public:
  static constexpr size_t kSpareInflaters = 16;
  // Contexts of deflating that are kept: 256 KiB each, with zlib's defaults.
  static constexpr size_t kContexts = 64;
  // Of these there are as many as a worker has kinds of endpoints, which are few.
  static constexpr size_t kShapes = 4;

  DeflatePool() = default;
  DeflatePool(const DeflatePool&) = delete;
  DeflatePool& operator=(const DeflatePool&) = delete;

  // --- any thread

  // With the largest window, which reads what was written with any; empty. Throws std::bad_alloc.
  std::unique_ptr<Inflater> borrow();
  void giveBack(std::unique_ptr<Inflater>);

  // --- worker thread

  // One that refers to nothing before. Valid until the next call.
  Deflater& fresh(const DeflateShape&);

  struct Context {
    std::unique_ptr<Deflater> deflater;
    Context** owner;      // where its connection has it; null there once it is given up
    bool pinned = false;  // in the middle of a message
    std::list<Context>::iterator place;
  };
  // The context that a connection has at `slot`, made or made anew where that is null.
  Context& use(Context*& slot, const DeflateShape&);
  void drop(Context*& slot);
  size_t contexts() const { return contexts_.size(); }

  // For what is encoded; grows as needed.
  std::vector<uint8_t>& scratch() { return scratch_; }

 private:
  std::mutex mutex_;                              // guards what follows
  std::vector<std::unique_ptr<Inflater>> spare_;  // as they were left

  // Worker thread.
  std::vector<std::unique_ptr<Deflater>> fresh_;  // of different shapes
  std::list<Context> contexts_;                   // the one that was used last at the end
  std::vector<uint8_t> scratch_;
};

}  // namespace lwspool::ws

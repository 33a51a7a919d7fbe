#include "deflate_pool.h"

#include <iterator>
#include <utility>

namespace lwspool::ws {

std::unique_ptr<Inflater> DeflatePool::borrow() {
  std::unique_ptr<Inflater> found;
  {
    const std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      found = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (!found) return std::make_unique<Inflater>(15);
  found->reset();
  return found;
}

void DeflatePool::giveBack(std::unique_ptr<Inflater> inflater) {
  // One too many is freed behind the lock.
  const std::lock_guard lock(mutex_);
  if (spare_.size() < kSpareInflaters) spare_.push_back(std::move(inflater));
}

Deflater& DeflatePool::fresh(const DeflateShape& shape) {
  for (const auto& one : fresh_) {
    if (one->shape() != shape) continue;
    one->reset();
    return *one;
  }
  if (fresh_.size() == kShapes) fresh_.erase(fresh_.begin());
  return *fresh_.emplace_back(std::make_unique<Deflater>(shape));
}

DeflatePool::Context& DeflatePool::use(Context*& slot, const DeflateShape& shape) {
  if (slot != nullptr) {
    contexts_.splice(contexts_.end(), contexts_, slot->place);
    return *slot;
  }
  if (contexts_.size() >= kContexts) {
    for (auto at = contexts_.begin(); at != contexts_.end(); ++at) {
      if (at->pinned) continue;
      if (at->deflater->shape() == shape) {
        *std::exchange(at->owner, &slot) = nullptr;
        at->deflater->reset();
        contexts_.splice(contexts_.end(), contexts_, at);
        return *(slot = &*at);
      }
      *at->owner = nullptr;
      contexts_.erase(at);
      break;
    }
  }
  contexts_.push_back({std::make_unique<Deflater>(shape), &slot, false, {}});
  Context& made = contexts_.back();
  made.place = std::prev(contexts_.end());
  return *(slot = &made);
}

void DeflatePool::drop(Context*& slot) {
  if (slot == nullptr) return;
  contexts_.erase(slot->place);
  slot = nullptr;
}

}  // namespace lwspool::ws

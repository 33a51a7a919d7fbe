// Things that are costly to make and the same for everybody who needs one of that content: found by
// the digest of the content for as long as anybody has them, and the last few for longer. Any
// thread.
#pragma once

#include <algorithm>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lwspool {

template <class T>
class Recent {
 public:
  // `kept`: how many of those that were asked for last are kept although nobody has them.
  explicit Recent(size_t kept) : kept_(kept) {}
  Recent(const Recent&) = delete;
  Recent& operator=(const Recent&) = delete;

  // The one of that content, from `make()` where there is none; what that throws is thrown here.
  template <class Make>
  std::shared_ptr<T> get(const std::string& digest, Make make) {
    if (std::shared_ptr<T> known = find(digest)) return known;
    // Without the lock: it takes milliseconds. Where two threads make the same, one is used.
    return put(digest, make());
  }

  // How many there are, those included that somebody has.
  size_t size() const {
    std::lock_guard lock(mutex_);
    return static_cast<size_t>(
        std::count_if(all_.begin(), all_.end(), [](const auto& e) { return !e.second.expired(); }));
  }

 private:
  std::shared_ptr<T> find(const std::string& digest) {
    std::shared_ptr<T> pushedOut;  // freed without the lock
    std::lock_guard lock(mutex_);
    const auto entry = all_.find(digest);
    std::shared_ptr<T> known = entry != all_.end() ? entry->second.lock() : nullptr;
    if (known != nullptr) pushedOut = keep(known);
    return known;
  }

  std::shared_ptr<T> put(const std::string& digest, std::shared_ptr<T> made) {
    std::shared_ptr<T> pushedOut;  // freed without the lock
    std::lock_guard lock(mutex_);
    std::weak_ptr<T>& entry = all_[digest];
    if (std::shared_ptr<T> other = entry.lock()) made = std::move(other);
    entry = made;
    pushedOut = keep(made);
    if (all_.size() >= sweepAt_) {
      std::erase_if(all_, [](const auto& e) { return e.second.expired(); });
      sweepAt_ = 2 * std::max(all_.size(), kept_ + 1);
    }
    return made;
  }

  // Puts it in front; the answer is the one that had to go for it.
  std::shared_ptr<T> keep(const std::shared_ptr<T>& thing) {
    if (const auto at = std::find(recent_.begin(), recent_.end(), thing); at != recent_.end()) {
      recent_.splice(recent_.begin(), recent_, at);
      return nullptr;
    }
    recent_.push_front(thing);
    if (recent_.size() <= kept_) return nullptr;
    std::shared_ptr<T> last = std::move(recent_.back());
    recent_.pop_back();
    return last;
  }

  const size_t kept_;
  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<std::string, std::weak_ptr<T>> all_;
  std::list<std::shared_ptr<T>> recent_;  // the newest first
  size_t sweepAt_ = 64;                   // entries of `all_` at which those of the dead are erased
};

}  // namespace lwspool

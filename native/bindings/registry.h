// What the threads of the process find each other's objects by: a number that JavaScript passes
// on. Entries are weak: whoever made the object owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace lwspool {

template <class T>
class Registry {
 public:
  // Any thread, all of them.
  uint32_t add(const std::shared_ptr<T>& object) {
    std::lock_guard lock(mutex_);
    entries_[++last_] = object;
    return last_;
  }
  std::shared_ptr<T> find(uint32_t key) {
    std::lock_guard lock(mutex_);
    const auto entry = entries_.find(key);
    return entry == entries_.end() ? nullptr : entry->second.lock();
  }
  void remove(uint32_t key) {
    std::lock_guard lock(mutex_);
    entries_.erase(key);
  }

  static Registry& instance() {
    static Registry registry;
    return registry;
  }

 private:
  std::mutex mutex_;  // guards what follows
  std::unordered_map<uint32_t, std::weak_ptr<T>> entries_;
  uint32_t last_ = 0;
};

}  // namespace lwspool

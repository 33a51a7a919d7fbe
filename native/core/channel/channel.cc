#include "channel.h"

#include <utility>

namespace lwspool {

void Channel::push(Item item) {
  {
    std::lock_guard lock(queueMutex_);
    items_.push_back(std::move(item));
    if (std::exchange(wakePending_, true)) return;
  }
  wakeWorker();
}

std::vector<Item> Channel::take() {
  std::vector<Item> items;
  std::lock_guard lock(queueMutex_);
  items.swap(items_);
  wakePending_ = false;
  return items;
}

void Channel::onWakeWorker(std::function<void()> wake) {
  std::lock_guard lock(workerWakeMutex_);
  wakeWorker_ = std::move(wake);
}

void Channel::onWakeMain(std::function<void()> wake) {
  std::lock_guard lock(mainWakeMutex_);
  wakeMain_ = std::move(wake);
}

void Channel::wakeWorker() {
  std::lock_guard lock(workerWakeMutex_);
  if (wakeWorker_) wakeWorker_();
}

void Channel::wakeMain() {
  std::lock_guard lock(mainWakeMutex_);
  if (wakeMain_) wakeMain_();
}

}  // namespace lwspool

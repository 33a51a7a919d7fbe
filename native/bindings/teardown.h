// Work that has to be finished before a thread's environment may go: closing handles of its loop.
// Node keeps the loop turning until it is done, also when a worker is terminated in mid-traffic.
#pragma once

#include <napi.h>

#include <functional>

#include "../core/base/barrier.h"

namespace lwspool {

class Teardown {
 public:
  // `begin` is called when the environment goes, and has this destroyed once everything is closed:
  // until then the environment stays. JavaScript thread.
  Teardown(Napi::Env env, std::function<void()> begin) : begin_(std::move(begin)) {
    napi_add_async_cleanup_hook(
        env,
        [](napi_async_cleanup_hook_handle, void* self) {
          auto* teardown = static_cast<Teardown*>(self);
          Barrier::guard([teardown] { teardown->begin_(); });
        },
        this, &hook_);
  }
  ~Teardown() {
    if (hook_ != nullptr) napi_remove_async_cleanup_hook(hook_);
  }
  Teardown(const Teardown&) = delete;
  Teardown& operator=(const Teardown&) = delete;

 private:
  const std::function<void()> begin_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace lwspool

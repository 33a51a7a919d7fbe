#include "wsi_watcher.h"

#include <poll.h>

#include <cstdlib>
#include <vector>

namespace lwspool {

namespace {

std::vector<uv_handle_t*> watchersOf(uv_loop_t* loop, lws* wsi) {
  struct Search {
    lws* wsi;
    std::vector<uv_handle_t*> found;
  } search{wsi, {}};
  uv_walk(
      loop,
      [](uv_handle_t* handle, void* argument) {
        auto* search = static_cast<Search*>(argument);
        if (handle->type == UV_POLL && handle->data == search->wsi && !uv_is_closing(handle)) {
          search->found.push_back(handle);
        }
      },
      &search);
  return search.found;
}

}  // namespace

void closeForgottenWatchers(uv_loop_t* loop, lws* wsi) {
  for (uv_handle_t* handle : watchersOf(loop, wsi)) {
    // libwebsockets allocates it with realloc(3) and frees it with free(3).
    uv_close(handle, [](uv_handle_t* closed) { std::free(closed); });
  }
}

LookedAway lookAway(uv_loop_t* loop, lws* wsi) {
  for (uv_handle_t* handle : watchersOf(loop, wsi)) {
    auto* poll = reinterpret_cast<uv_poll_t*>(handle);
    if (uv_is_active(handle) == 0) continue;
    const unsigned waiting = poll->io_watcher.pevents;
    const int events =
        ((waiting & POLLIN) != 0 ? UV_READABLE : 0) | ((waiting & POLLOUT) != 0 ? UV_WRITABLE : 0);
    uv_poll_stop(poll);
    return {poll, events};
  }
  return {};
}

void lookBack(const LookedAway& watcher) {
  const auto* handle = reinterpret_cast<const uv_handle_t*>(watcher.handle);
  if (handle == nullptr || watcher.events == 0 || uv_is_closing(handle)) return;
  if (uv_is_active(handle) == 0) {
    uv_poll_start(watcher.handle, watcher.events, watcher.handle->poll_cb);
  }
}

}  // namespace lwspool

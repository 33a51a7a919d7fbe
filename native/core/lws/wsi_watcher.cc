#include "wsi_watcher.h"

#include <cstdlib>

namespace lwspool {

void closeForgottenWatcher(uv_loop_t* loop, lws* wsi) {
  struct Search {
    lws* wsi;
    uv_handle_t* found = nullptr;
  } search{wsi};
  uv_walk(
      loop,
      [](uv_handle_t* handle, void* argument) {
        auto* search = static_cast<Search*>(argument);
        if (handle->type == UV_POLL && handle->data == search->wsi && !uv_is_closing(handle)) {
          search->found = handle;
        }
      },
      &search);
  if (search.found == nullptr) return;
  // libwebsockets allocates it with realloc(3) and frees it with free(3).
  uv_close(search.found, [](uv_handle_t* handle) { std::free(handle); });
}

}  // namespace lwspool

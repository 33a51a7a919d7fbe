#include "wsi_watcher.h"

#include <cstdlib>
#include <vector>

namespace lwspool {

void closeForgottenWatchers(uv_loop_t* loop, lws* wsi) {
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
  for (uv_handle_t* handle : search.found) {
    // libwebsockets allocates it with realloc(3) and frees it with free(3).
    uv_close(handle, [](uv_handle_t* closed) { std::free(closed); });
  }
}

}  // namespace lwspool

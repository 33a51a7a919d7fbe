// libwebsockets closes the descriptor of a context's event pipe twice: when the context is
// destroyed, and again when the loop has closed the handle that watched it. In between the number
// is free, and whatever another thread opens meanwhile would be closed in its stead.
#pragma once

#include <uv.h>

namespace lwspool {

class EventPipe {
 public:
  // The handle that libwebsockets made for the pipe, right after it has. Worker thread.
  void found(uv_handle_t* watcher);
  // Right after lws_context_destroy() has closed the descriptor, while the loop is still closing
  // the handle: makes libwebsockets forget the number. Worker thread.
  void forget();

 private:
  // Where the wsi keeps the number; null where it was not found.
  int* number_ = nullptr;
};

}  // namespace lwspool

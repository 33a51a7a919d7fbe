#include "event_pipe.h"

#include <libwebsockets.h>

#include <cstddef>
#include <utility>

namespace lwspool {

namespace {

// More than a wsi has of them.
constexpr size_t kMostWords = 512;

}  // namespace

// There is no call that changes the number, and its place in the wsi is not public. But
// lws_get_socket_fd() reads that place: of the words that hold the number, it is the one which
// changes what the call answers. The search ends there, so it never leaves the wsi.
void EventPipe::found(uv_handle_t* watcher) {
  int descriptor;
  if (watcher->data == nullptr || uv_fileno(watcher, &descriptor) != 0) return;
  lws* wsi = static_cast<lws*>(watcher->data);
  if (lws_get_socket_fd(wsi) != descriptor) return;
  volatile int* words = reinterpret_cast<int*>(wsi);
  for (size_t i = 0; i < kMostWords; i++) {
    if (words[i] != descriptor) continue;
    words[i] = LWS_SOCK_INVALID;
    const bool here = lws_get_socket_fd(wsi) == LWS_SOCK_INVALID;
    words[i] = descriptor;
    if (!here) continue;
    number_ = const_cast<int*>(&words[i]);
    return;
  }
}

void EventPipe::forget() {
  if (number_ != nullptr) *std::exchange(number_, nullptr) = LWS_SOCK_INVALID;
}

}  // namespace lwspool

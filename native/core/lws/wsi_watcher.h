// Cleans up after libwebsockets 4.1: a connection attempt that fails before TCP stands closes its
// socket but forgets the libuv handle that watched it, and where it tries again by itself there is
// one for each socket. The handles would stay in the loop for ever, and Node aborts the process
// when a worker ends with a handle left in its loop.
#pragma once

#include <uv.h>

struct lws;

namespace lwspool {

// From LWS_CALLBACK_WSI_DESTROY, where libwebsockets will not use the handles any more: closes
// those that belong to that wsi and are still there. Worker thread.
void closeForgottenWatchers(uv_loop_t* loop, lws* wsi);

// Has the loop look away from a wsi's descriptor, which libwebsockets would be told of again and
// again, and back at what it was waiting for. libwebsockets may do the latter by itself. The
// answer of the first is for the second: null where there is no such handle, or it watches nothing.
struct LookedAway {
  uv_poll_t* handle = nullptr;
  int events = 0;
};
LookedAway lookAway(uv_loop_t* loop, lws* wsi);
void lookBack(const LookedAway&);

}  // namespace lwspool

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

}  // namespace lwspool

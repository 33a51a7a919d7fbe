// Cleans up after libwebsockets 4.1: a connection attempt that fails before TCP stands closes its
// socket but forgets the libuv handle that watched it. The handle would stay in the loop for ever,
// and Node aborts the process when a worker ends with a handle left in its loop.
#pragma once

#include <uv.h>

struct lws;

namespace lwspool {

// From LWS_CALLBACK_WSI_DESTROY, where libwebsockets will not use the handle any more: closes the
// handle that belongs to that wsi, if it is still there. Worker thread.
void closeForgottenWatcher(uv_loop_t* loop, lws* wsi);

}  // namespace lwspool

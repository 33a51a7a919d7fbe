// libwebsockets loads its libuv support as a plugin, and unloads it with the last context of the
// process. With the plugin goes the libuv.so that it is linked to, and the destructor of that
// library shuts libuv down: not itself, for its symbols are bound to those inside the node binary,
// but Node's own thread pool. The next file that anybody opens then aborts the process.
#pragma once

namespace lwspool {

// Keeps the plugin loaded until the process ends. Once a context is there, any thread.
void keepEventPlugin();

}  // namespace lwspool

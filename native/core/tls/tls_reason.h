// Why OpenSSL has failed, in its own words. Any thread.
#pragma once

#include <string>

namespace lwspool {

// The reason of the newest error in this thread's queue, e.g. "unsupported protocol"; empties the
// queue.
std::string tlsReason();

}  // namespace lwspool

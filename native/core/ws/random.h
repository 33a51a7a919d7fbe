// Strong random bytes, from the generator of OpenSSL: seeded by the kernel, one per thread. A
// masking key costs a seventh of what getrandom(2) takes for it. Callable from any thread.
#pragma once

#include <cstddef>

namespace lwspool::ws {

// Fills the whole range; ends the process when there is no generator to ask.
void fillRandom(void* out, size_t size);

}  // namespace lwspool::ws

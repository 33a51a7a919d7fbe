// Errors of the kernel, by name. Any thread.
#pragma once

namespace lwspool {

// The name of an errno as errno(3) has it, e.g. "ECONNREFUSED".
const char* errnoName(int error);

}  // namespace lwspool

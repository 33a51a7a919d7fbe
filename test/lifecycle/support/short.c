// Preloaded: while there is a file of that name, no block of the size of a slab is to be had, but for
// the main thread.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

extern void* __libc_malloc(size_t);

// kSlabSize and the Slab before it, see native/core/channel/slab.h.
enum { kSlab = 64 * 1024 + 16 };

void* malloc(size_t size) {
  const char* file;
  if (size == kSlab && gettid() != getpid() && (file = getenv("LWSPOOL_TEST_SHORT")) != NULL && access(file, F_OK) == 0) {
    errno = ENOMEM;
    return NULL;
  }
  return __libc_malloc(size);
}

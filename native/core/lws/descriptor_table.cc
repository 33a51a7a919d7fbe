#include "descriptor_table.h"

#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace lwspool {

// There is no call that changes the length, and its place in the context is not public. But its
// value is known: the context, which came from malloc(3) zeroed, has it as the length of the table,
// as the most that a thread may serve, and as the most that may be reading headers. All are limits
// that what the context has open is compared with. Where anything else is found, things are left as
// they are.
void DescriptorTable::found([[maybe_unused]] lws_context* context) {
#ifdef __GLIBC__
  constexpr int kWorthIt = 1024;
  constexpr size_t kMostPlaces = 3;
  all_ = getdtablesize();
  if (all_ <= kWorthIt) return;
  int* const words = reinterpret_cast<int*>(context);
  const size_t count = malloc_usable_size(context) / sizeof(int);
  for (size_t i = 0; i < count; i++) {
    if (words[i] == all_) lengths_.push_back(&words[i]);
  }
  if (lengths_.size() > kMostPlaces) lengths_.clear();
#endif
}

}  // namespace lwspool

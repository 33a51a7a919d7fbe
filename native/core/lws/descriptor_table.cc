#include "descriptor_table.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace lwspool {

namespace {

// Other threads may open descriptors between the look for the next number and its use.
constexpr int kMargin = 1024;

}  // namespace

// There is no call that changes the length, and its place in the context is not public. But its
// value is known: the context, which came from malloc(3) zeroed, has it as the length of the table,
// as the most that a thread may serve, and as the most that may be reading headers. All are limits
// that what the context has open is compared with, and never reaches, however short the table.
// Where anything else is found, things are left as they are.
void DescriptorTable::found(lws_context* context, int own) {
#ifdef __GLIBC__
  constexpr size_t kMostPlaces = 3;
  all_ = getdtablesize();
  if (all_ <= kMargin) return;
  int* const words = reinterpret_cast<int*>(context);
  const size_t count = malloc_usable_size(context) / sizeof(int);
  for (size_t i = 0; i < count; i++) {
    if (words[i] == all_) lengths_.push_back(&words[i]);
  }
  if (lengths_.size() > kMostPlaces) lengths_.clear();
  if (!lengths_.empty()) show(own + kMargin);
#else
  static_cast<void>(context);
  static_cast<void>(own);
#endif
}

// It only grows: a socket has to be in sight when it is closed as well.
void DescriptorTable::expectSocket() {
  if (lengths_.empty() || shown_ == all_) return;
  // The lowest number that is free, which the next descriptor gets.
  const int next = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  if (next < 0) return showAll();
  close(next);
  if (next + kMargin / 2 > shown_) show(next + kMargin);
}

void DescriptorTable::showAll() { show(all_); }

void DescriptorTable::show(int entries) {
  shown_ = std::min(entries, all_);
  for (int* length : lengths_) *length = shown_;
}

}  // namespace lwspool

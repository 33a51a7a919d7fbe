#include "descriptor_table.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace lwspool {

namespace {

// Other threads may open descriptors between the look for the next number and its use.
constexpr int kMargin = 1024;

}  // namespace

DescriptorTable::DescriptorTable(uv_loop_t* loop) : loop_(loop) {}

void DescriptorTable::start() {
  uv_check_init(loop_, &check_);
  uv_check_start(&check_, onCheck);
  check_.data = last_.data = this;
}

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
  set(shown_);
}

void DescriptorTable::set(int length) {
  for (int* place : lengths_) *place = length;
}

// --- closing -------------------------------------------------------------------------------------

// libwebsockets closes in two steps. It takes the socket out of the table, which has to be in sight
// then, and has the loop close its handle; when the loop has, it closes the descriptor and walks.
// So the table is out of sight while the loop closes handles, except for whoever calls
// libwebsockets in the middle of that.

void DescriptorTable::beginUse() {
  if (hidden_) set(shown_);
}

void DescriptorTable::endUse() {
  if (hidden_) set(0);
}

// The loop closes last what was given to it first. If it did not, the walks would be long again.
void DescriptorTable::closing() {
  if (lengths_.empty() || std::exchange(isClosing_, true)) return;
  uv_idle_init(loop_, &last_);
  uv_close(reinterpret_cast<uv_handle_t*>(&last_), onClosed);
}

void DescriptorTable::onCheck(uv_check_t* check) {
  auto* table = static_cast<DescriptorTable*>(check->data);
  if (!table->isClosing_) return;
  table->hidden_ = true;
  table->set(0);
}

void DescriptorTable::onClosed(uv_handle_t* last) {
  auto* table = static_cast<DescriptorTable*>(last->data);
  table->isClosing_ = table->hidden_ = false;
  table->set(table->shown_);
}

void DescriptorTable::destroy(std::function<void()> done) {
  set(shown_);
  lengths_.clear();
  done_ = std::move(done);
  uv_close(reinterpret_cast<uv_handle_t*>(&check_), [](uv_handle_t* check) {
    const auto done = std::move(static_cast<DescriptorTable*>(check->data)->done_);
    done();
  });
}

}  // namespace lwspool

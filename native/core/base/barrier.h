// Where C calls us (libuv, libwebsockets, OpenSSL) no exception may pass through it: that would end
// the process, or leave its locks and counters as they are. What is thrown there, as a rule since
// memory has run short, stops here and is noted; whoever runs the thread looks for it when C has
// returned.
#pragma once

#include <cstring>
#include <exception>
#include <utility>

namespace lwspool {

class Barrier {
 public:
  // Any thread. Returns `otherwise` where it throws.
  template <class Result, class Run>
  static Result guard(Result otherwise, Run&& run) noexcept {
    try {
      return std::forward<Run>(run)();
    } catch (const std::exception& thrown) {
      note(thrown.what());
    } catch (...) {
      note("an exception");
    }
    return otherwise;
  }
  template <class Run>
  static void guard(Run&& run) noexcept {
    guard(0, [&run] {
      run();
      return 0;
    });
  }

  // What was thrown on this thread since the last call; empty: nothing. Valid until the next.
  static const char* taken() noexcept {
    if (noted_[0] == '\0') return noted_;
    std::memcpy(told_, noted_, sizeof told_);
    noted_[0] = '\0';
    return told_;
  }

 private:
  // Without memory, which is what is missing; the first one is the cause of those that follow.
  static void note(const char* what) noexcept {
    if (noted_[0] == '\0') std::strncpy(noted_, what, sizeof noted_ - 1);
  }

  // The thread's own, ended by a zero.
  static inline thread_local char noted_[96] = {};
  static inline thread_local char told_[96] = {};
};

}  // namespace lwspool

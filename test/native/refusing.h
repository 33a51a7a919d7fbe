// A kernel that refuses to take what a ring submits, as one that is short of memory does: a thread
// whose calls of io_uring_enter(2) are led to a handler of ours (seccomp(2), SECCOMP_RET_TRAP).
#pragma once

#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <thread>

namespace lwspool::test {

// The errno that io_uring_enter() answers on this thread to whoever submits something; 0: none.
inline thread_local int refusal = 0;

namespace refusing {

// In the place of the last argument, which means nothing without a signal mask: calls of ours.
constexpr long kOwn = 0x0badcafe;

inline void enter(int, siginfo_t*, void* context) {
  auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  auto& r = machine.gregs;
  auto& result = r[REG_RAX];
  const long args[] = {r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10]};
#elif defined(__aarch64__)
  auto& r = machine.regs;
  auto& result = r[0];
  const long args[] = {(long)r[0], (long)r[1], (long)r[2], (long)r[3]};
#endif
  const int before = errno;
  const bool refused = refusal != 0 && args[1] > 0;
  const long done =
      refused ? -1 : syscall(SYS_io_uring_enter, args[0], args[1], args[2], args[3], 0, kOwn);
  result = done < 0 ? -(refused ? refusal : errno) : done;
  errno = before;
}

inline bool install() {
  struct sigaction action{};
  action.sa_sigaction = enter;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSYS, &action, nullptr);
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[5])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kOwn, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program = {sizeof filter / sizeof *filter, filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace refusing

// Runs it on a thread where `refusal` works.
template <class Body>
void whereRefused(Body body) {
  bool failed = false;
  std::thread([&] {
    try {
      REQUIRE(refusing::install());
      body();
    } catch (...) {  // of REQUIRE, which has reported it
      failed = true;
    }
    refusal = 0;
  }).join();
  REQUIRE_FALSE(failed);
}

}  // namespace lwspool::test

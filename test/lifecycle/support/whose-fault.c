// To be loaded ahead of a program: tells apart whose code has touched memory that is not there. V8 makes
// some of what its garbage collector needs without a look at whether it could be made; a process that
// dies there is aborted. One that dies in our code still dies of SIGSEGV.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES 64

typedef int (*Sigaction)(int, const struct sigaction *, struct sigaction *);

static Sigaction really;
static const void *program;  // where it is loaded

// The first of the two that is met, from the fault outwards: what lies between are libraries' functions.
static int isOurs(void) {
  void *frames[FRAMES];
  const int count = backtrace(frames, FRAMES);
  // The first two are this function and the handler.
  for (int i = 2; i < count; i++) {
    Dl_info info;
    if (dladdr(frames[i], &info) == 0) continue;
    if (strstr(info.dli_fname, "lws_pool.node") != NULL) return 1;
    if (info.dli_fbase == program) return 0;
  }
  return 1;
}

static void onFault(int number) {
  if (!isOurs()) abort();
  struct sigaction usual = {.sa_handler = SIG_DFL};
  really(number, &usual, NULL);  // and once more, of the same
}

// Node.js sets all signals to what is usual when it starts, and has a handler of its own later.
int sigaction(int number, const struct sigaction *action, struct sigaction *old) {
  return really(number, number == SIGSEGV ? NULL : action, old);
}

__attribute__((constructor)) static void start(void) {
  really = (Sigaction)dlsym(RTLD_NEXT, "sigaction");
  Dl_info info;
  if (dladdr(dlsym(RTLD_DEFAULT, "napi_create_object"), &info) != 0) program = info.dli_fbase;
  void *frames[1];
  backtrace(frames, 1);  // loads what it needs, while there is memory
  struct sigaction own = {.sa_handler = onFault};
  really(SIGSEGV, &own, NULL);
}

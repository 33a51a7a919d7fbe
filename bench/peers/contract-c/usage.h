// CPU time and memory of this process, as ../contract/usage.mjs and memory.mjs have them.
#pragma once

#include <stdint.h>

typedef struct {
  double seconds;  // monotonic
  double user;     // microseconds
  double system;
  double mainThread;
  double server;  // negative: unknown
} Usage;

typedef struct {
  int64_t rssBytes;
  int64_t nativeBytes;
} Memory;

// serverPid 0: nobody's.
Usage readUsage(int serverPid);

// Once malloc has given back what it can, and three readings agree.
Memory settledMemory(void);

// Milliseconds on the clock of Usage.
double now(void);

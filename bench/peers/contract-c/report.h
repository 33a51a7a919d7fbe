// The one line that a peer prints: see ../contract/result.mjs.
#pragma once

#include <stdbool.h>

#include "usage.h"
#include "workload.h"

enum { kMostFailures = 8 };

typedef struct {
  int opened;
  int failed;
  const char* failures[kMostFailures];  // each reason once
  int64_t messages;
  int64_t units;  // what the CPU time is divided by
  Usage start;
  Usage end;
  bool hasMemory;
  Memory before;
  Memory after;
  bool hasLatency;
  double achieved;
} Outcome;

typedef struct {
  const char* peer;
  const char* library;  // its name among the versions
  const char* version;
} Identity;

void reportOutcome(const Identity* identity, const char* mode, const Outcome* outcome);

// Prints the line with an error, and ends the process.
_Noreturn void reportError(const Identity* identity, const char* mode, const char* error);

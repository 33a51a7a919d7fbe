// When each message of an open model is due: evenly, however late the ones before were.
// Milliseconds.
#pragma once

#include <stdint.h>

typedef struct {
  double start;  // when the first message is due
  double interval;
} Schedule;

// Of how many messages the time has come.
static inline int64_t scheduleDueBy(const Schedule* schedule, double time) {
  if (time < schedule->start) return 0;
  return (int64_t)((time - schedule->start) / schedule->interval) + 1;
}

// When the message with this number is due; the first has number 0.
static inline double scheduleTimeOf(const Schedule* schedule, int64_t number) {
  return schedule->start + (double)number * schedule->interval;
}

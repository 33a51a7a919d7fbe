// What C peers calculate, against values that are known. Prints nothing where all is right.
#include <stdio.h>
#include <stdlib.h>

#include "histogram.h"
#include "schedule.h"
#include "workload.h"

static int failures;

static void expect(const char* what, double got, double wanted, double tolerance) {
  double difference = got > wanted ? got - wanted : wanted - got;
  if (difference <= tolerance) return;
  printf("%s: got %f, wanted %f\n", what, got, wanted);
  failures++;
}

static void checkHistogram(void) {
  for (int micros = 1; micros <= 10000; micros++) histogramRecord((uint64_t)micros * 1000);
  // Three digits are kept.
  expect("p50", (double)histogramAt(50), 5000e3, 5000);
  expect("p99", (double)histogramAt(99), 9900e3, 9900);
  expect("p99.9", (double)histogramAt(99.9), 9990e3, 9990);
  expect("max", (double)histogramMax(), 10000e3, 0);
  histogramRecord(UINT64_MAX);
  expect("longest", (double)histogramMax(), 60e9, 0);
  expect("p100", (double)histogramAt(100), 60e9, 60e6);
}

static void checkSchedule(void) {
  Schedule schedule = {.start = 100, .interval = 0.25};
  expect("before the start", (double)scheduleDueBy(&schedule, 99.9), 0, 0);
  expect("at the start", (double)scheduleDueBy(&schedule, 100), 1, 0);
  expect("a millisecond later", (double)scheduleDueBy(&schedule, 101), 5, 0);
  expect("the fifth", scheduleTimeOf(&schedule, 4), 101, 0);
}

static void checkWorkload(void) {
  char* line[] = {
      "peer",        "--mode",   "connect", "--url",  "ws://127.0.0.1:81/,ws://127.0.0.1:82/",
      "--unheardof", "5",        "--size",  "65000",  "--connections",
      "20",          "--warmup", "7",       "--rate", "2000"};
  Workload workload = readWorkload(sizeof line / sizeof *line, line);
  expect("the first connection's port", addressFor(&workload, 0)->port, 81, 0);
  expect("the fourth connection's port", addressFor(&workload, 3)->port, 82, 0);
  expect("tls", workload.tls, 0, 0);
  expect("size", (double)workload.size, 65000, 0);
  expect("rate", workload.rate, 2000, 0);
  expect("connections in all", connectionsOf(&workload), 27, 0);
  uint8_t payload[100];
  fillPayload(payload, sizeof payload);
  expect("payload", payload[99], (99 * 31) % 256, 0);
}

int main(void) {
  checkHistogram();
  checkSchedule();
  checkWorkload();
  return failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

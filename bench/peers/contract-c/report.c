#include "report.h"

#include <stdio.h>
#include <stdlib.h>

#include "histogram.h"

static void printString(const char* text) {
  putchar('"');
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte == '"' || byte == '\\')
      printf("\\%c", byte);
    else if (byte < 0x20)
      printf("\\u%04x", byte);
    else
      putchar(byte);
  }
  putchar('"');
}

static void printHead(const Identity* identity, const char* mode) {
  printf("{\"peer\":\"%s\",\"versions\":{", identity->peer);
  printString(identity->library);
  putchar(':');
  printString(identity->version);
  printf("},\"mode\":");
  printString(mode);
}

static void printFailures(const Outcome* outcome) {
  printf(",\"failures\":[");
  for (int index = 0; index < kMostFailures && outcome->failures[index] != NULL; index++) {
    if (index > 0) putchar(',');
    printString(outcome->failures[index]);
  }
  putchar(']');
}

static void printUsage(const Outcome* outcome) {
  const Usage* start = &outcome->start;
  const Usage* end = &outcome->end;
  double user = end->user - start->user;
  double system = end->system - start->system;
  double main = end->mainThread - start->mainThread;
  printf(",\"seconds\":%.6f", end->seconds - start->seconds);
  printf(",\"cpuMicros\":{\"user\":%.0f,\"system\":%.0f,\"mainThread\":%.3f}", user, system, main);
  printf(",\"threads\":[{\"name\":\"main\",\"cpuMicros\":%.3f}]", main);
  if (start->server >= 0 && end->server >= 0) {
    printf(",\"serverCpuMicros\":%.3f", end->server - start->server);
  }
  if (outcome->units > 0) {
    printf(",\"perUnitMicros\":%.6f", (user + system) / (double)outcome->units);
  }
}

static void printMemory(const Outcome* outcome) {
  printf(",\"rssBytesBefore\":%lld", (long long)outcome->before.rssBytes);
  printf(",\"rssBytesAfter\":%lld", (long long)outcome->after.rssBytes);
  printf(",\"nativeBytesBefore\":%lld", (long long)outcome->before.nativeBytes);
  printf(",\"nativeBytesAfter\":%lld", (long long)outcome->after.nativeBytes);
}

static void printLatency(const Outcome* outcome) {
  printf(",\"figures\":{\"p50\":%.3f", (double)histogramAt(50) / 1000);
  printf(",\"p90\":%.3f", (double)histogramAt(90) / 1000);
  printf(",\"p99\":%.3f", (double)histogramAt(99) / 1000);
  printf(",\"p999\":%.3f", (double)histogramAt(99.9) / 1000);
  printf(",\"max\":%.3f", (double)histogramMax() / 1000);
  printf(",\"achieved\":%.3f}", outcome->achieved);
}

void reportOutcome(const Identity* identity, const char* mode, const Outcome* outcome) {
  printHead(identity, mode);
  printf(",\"opened\":%d,\"failed\":%d", outcome->opened, outcome->failed);
  printFailures(outcome);
  printf(",\"messages\":%lld", (long long)outcome->messages);
  printUsage(outcome);
  if (outcome->hasMemory) printMemory(outcome);
  if (outcome->hasLatency) printLatency(outcome);
  printf("}\n");
  fflush(stdout);
}

_Noreturn void reportError(const Identity* identity, const char* mode, const char* error) {
  printHead(identity, mode);
  printf(",\"error\":");
  printString(error);
  printf("}\n");
  fflush(stdout);
  // Not exit(): what is open is the kernel's to close, and libraries may be in the middle of it.
  _Exit(1);
}

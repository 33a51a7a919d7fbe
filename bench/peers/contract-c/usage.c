#include "usage.h"

#include <ctype.h>
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const int64_t kSteady = 64 * 1024;
static const int kMostReadings = 100;

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

// The first field of schedstat is the time on a core in nanoseconds.
static double threadMicros(int pid, int thread) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, thread);
  FILE* file = fopen(path, "r");
  if (file == NULL) return 0;
  unsigned long long nanoseconds = 0;
  if (fscanf(file, "%llu", &nanoseconds) != 1) nanoseconds = 0;
  fclose(file);
  return (double)nanoseconds / 1000;
}

static double processMicros(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR* tasks = opendir(path);
  if (tasks == NULL) return -1;
  double sum = 0;
  for (struct dirent* entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
    if (isdigit((unsigned char)entry->d_name[0])) sum += threadMicros(pid, atoi(entry->d_name));
  }
  closedir(tasks);
  return sum;
}

static double microsOf(struct timeval time) { return (double)time.tv_sec * 1e6 + time.tv_usec; }

Usage readUsage(int serverPid) {
  // This brings the thread's schedstat up to date, and so comes first.
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (Usage){
      .seconds = now() / 1000,
      .user = microsOf(used.ru_utime),
      .system = microsOf(used.ru_stime),
      .mainThread = threadMicros(getpid(), getpid()),
      .server = serverPid == 0 ? -1 : processMicros(serverPid),
  };
}

static Memory readMemory(void) {
  Memory memory = {0, 0};
  FILE* file = fopen("/proc/self/smaps_rollup", "r");
  if (file == NULL) return memory;
  char line[256];
  long long kilobytes;
  while (fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "Rss: %lld kB", &kilobytes) == 1) memory.rssBytes = kilobytes * 1024;
    if (sscanf(line, "Anonymous: %lld kB", &kilobytes) == 1) memory.nativeBytes = kilobytes * 1024;
  }
  fclose(file);
  return memory;
}

Memory settledMemory(void) {
  Memory memory = {0, 0};
  int alike = 0;
  for (int reading = 0; reading < kMostReadings && alike < 3; reading++) {
    if (reading > 0) usleep(20 * 1000);
    malloc_trim(0);
    Memory next = readMemory();
    alike = llabs(next.rssBytes - memory.rssBytes) <= kSteady ? alike + 1 : 1;
    memory = next;
  }
  return memory;
}

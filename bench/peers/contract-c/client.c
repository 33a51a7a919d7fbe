#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traffic.h"

static const Transport* transport;
static Workload workload;
static Outcome outcome;

static int asked;
static int refused;
static int ended;
static int good;
static bool* answered;
static bool isBurst;

static void serveUntilSettled(int count) {
  while (outcome.opened + refused < count) {
    while (asked < count && asked - outcome.opened - refused < workload.handshakes) {
      transport->open(asked++);
    }
    if (outcome.opened + refused < count) transport->serve(-1);
  }
}

static void openAll(void) {
  serveUntilSettled(workload.connections);
  if (refused > 0) {
    char text[256];
    snprintf(text, sizeof text, "could not open all: %s", outcome.failures[0]);
    reportError(&transport->identity, workload.mode, text);
  }
}

static void runConnect(bool measuresMemory) {
  int warmup = (int)workload.warmup;
  serveUntilSettled(warmup);
  int openBefore = outcome.opened;
  if (measuresMemory) outcome.before = settledMemory();
  outcome.start = readUsage(workload.serverPid);
  serveUntilSettled(warmup + workload.connections);
  outcome.end = readUsage(workload.serverPid);
  if (measuresMemory) outcome.after = settledMemory();
  outcome.hasMemory = measuresMemory;
  outcome.opened -= openBefore;
  outcome.units = outcome.opened;
}

// All asked for at once; each sends one message, gets it back, and closes.
static void runBurst(void) {
  isBurst = true;
  answered = calloc((size_t)workload.connections, sizeof *answered);
  outcome.start = readUsage(workload.serverPid);
  while (asked < workload.connections) transport->open(asked++);
  while (refused + ended < workload.connections) transport->serve(-1);
  outcome.end = readUsage(workload.serverPid);
  outcome.units = workload.connections;
}

static void runMode(void) {
  if (strcmp(workload.mode, "connect") == 0) {
    runConnect(false);
  } else if (strcmp(workload.mode, "idle") == 0) {
    runConnect(true);
  } else if (strcmp(workload.mode, "burst") == 0) {
    runBurst();
  } else {
    prepareTraffic(transport, &workload, &outcome);
    openAll();
    runTraffic();
  }
}

int runClient(const Transport* given, int argc, char** argv) {
  transport = given;
  workload = readWorkload(argc, argv);
  if (!isTraffic(workload.mode) && strcmp(workload.mode, "connect") != 0 &&
      strcmp(workload.mode, "idle") != 0 && strcmp(workload.mode, "burst") != 0) {
    reportError(&transport->identity, workload.mode, "there is no such mode");
  }
  transport->begin(&workload, connectionsOf(&workload));
  runMode();
  outcome.failed = workload.connections - (isBurst ? good : outcome.opened);
  reportOutcome(&transport->identity, workload.mode, &outcome);
  // What is still open is the kernel's to close.
  _Exit(0);
}

static void noteFailure(const char* reason) {
  for (int index = 0; index < kMostFailures; index++) {
    if (outcome.failures[index] == NULL) {
      outcome.failures[index] = strdup(reason);
      return;
    }
    if (strcmp(outcome.failures[index], reason) == 0) return;
  }
}

void clientOpened(int connection) {
  outcome.opened++;
  if (isBurst) transport->send(connection, 1);
}

void clientFailed(const char* reason) {
  refused++;
  noteFailure(reason);
}

void clientReceived(int connection, int64_t count) {
  if (!isBurst) {
    trafficReceived(connection, count);
    return;
  }
  outcome.messages += count;
  answered[connection] = true;
  transport->close(connection);
}

void clientClosed(int connection, bool clean) {
  if (!isBurst) {
    reportError(&transport->identity, workload.mode, "a connection was closed by the other end");
  }
  ended++;
  if (clean && answered[connection])
    good++;
  else
    noteFailure("not closed with 1000 after its answer");
}

bool clientCompares(void) { return isBurst || trafficIsWarmup(); }

void clientFoundWrong(void) {
  reportError(&transport->identity, workload.mode, "a message was not what was sent");
}

#include "traffic.h"

#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "schedule.h"

// A connection with so much unsent output is left out until some of it has gone.
static const size_t kMostUnsent = 64 * 1024;
// Milliseconds to wait where most connections are left out: the server sets the pace.
static const int kRespite = 1;
// Milliseconds from reading the usage to the first message that is due.
static const double kStart = 1;

static const Transport* transport;
static const Workload* workload;
static Outcome* outcome;
typedef enum { kNothing, kEcho, kReceive, kSend, kLatency } Mode;

static Mode mode;

static bool hasBegun;
static bool isMeasuring;
static bool isOver;
static int64_t sent;
static int64_t received;
static int64_t receivedBefore;
static Schedule schedule;
static int64_t* answersOf;

static Mode modeOf(const char* name) {
  if (strcmp(name, "echo") == 0) return kEcho;
  if (strcmp(name, "receive") == 0) return kReceive;
  if (strcmp(name, "send") == 0) return kSend;
  return strcmp(name, "latency") == 0 ? kLatency : kNothing;
}

bool isTraffic(const char* name) { return modeOf(name) != kNothing; }

static void beginMeasuring(void) {
  isMeasuring = true;
  receivedBefore = received;
  outcome->start = readUsage(workload->serverPid);
}

static void endMeasuring(int64_t messages) {
  isOver = true;
  outcome->end = readUsage(workload->serverPid);
  outcome->messages = messages;
  outcome->units = messages;
}

static void serveUntilOver(void) {
  while (!isOver) transport->serve(-1);
}

// Many answers may come at once, so that a few more than asked for may be counted.
static void count(int64_t messages) {
  received += messages;
  if (!isMeasuring && received >= workload->warmup) beginMeasuring();
  if (!isOver && received >= workload->warmup + workload->messages) {
    endMeasuring(received - receivedBefore);
  }
}

static void runEcho(void) {
  if (workload->warmup == 0) beginMeasuring();
  for (int index = 0; index < workload->connections; index++) {
    sent += workload->inflight;
    transport->send(index, workload->inflight);
  }
  serveUntilOver();
  while (received < sent) transport->serve(-1);
}

static void runReceive(void) {
  if (workload->warmup == 0) beginMeasuring();
  serveUntilOver();
}

static bool hasUnsent(void) {
  for (int index = 0; index < workload->connections; index++) {
    if (transport->unsent(index) > 0) return true;
  }
  return false;
}

static void fanOut(int64_t messages) {
  int64_t left = messages;
  while (left > 0) {
    int64_t before = left;
    for (int index = 0; index < workload->connections && left > 0; index++) {
      if (transport->unsent(index) >= kMostUnsent) continue;
      transport->send(index, 1);
      left--;
    }
    // Asking again at once would count the server's time as work.
    bool isHeldUp = left > 0 && before - left < workload->connections / 2;
    transport->serve(isHeldUp ? kRespite : 0);
  }
  while (hasUnsent()) transport->serve(kRespite);
}

static void runSend(void) {
  fanOut(workload->warmup);
  beginMeasuring();
  fanOut(workload->messages);
  endMeasuring(workload->messages);
}

// The schedule begins anew after the warm-up, so that reading the usage is nobody's latency.
static void beginMeasuredSchedule(void) {
  beginMeasuring();
  schedule.start = now() + kStart;
}

static void sendDue(void) {
  int64_t base = isMeasuring ? workload->warmup : 0;
  int64_t last = base + (isMeasuring ? workload->messages : workload->warmup);
  int64_t due = base + scheduleDueBy(&schedule, now());
  while (sent < due && sent < last) transport->send((int)(sent++ % workload->connections), 1);
  if (!isMeasuring && sent == workload->warmup) beginMeasuredSchedule();
}

// The next message is waited for awake: the lateness of a timer is nothing of the client's.
static void runLatency(void) {
  answersOf = calloc((size_t)workload->connections, sizeof *answersOf);
  schedule = (Schedule){.start = now(), .interval = 1000 / workload->rate};
  if (workload->warmup == 0) beginMeasuredSchedule();
  while (!isOver) {
    sendDue();
    transport->serve(0);
  }
  outcome->achieved = (double)workload->messages / (now() - schedule.start) * 1000;
  outcome->hasLatency = true;
}

// Answers of a connection come in the order of its messages, which is how their numbers are known.
static void noteLatency(int connection, int64_t messages) {
  double time = now();
  for (int64_t index = 0; index < messages; index++) {
    int64_t number = connection + answersOf[connection]++ * workload->connections;
    if (number < workload->warmup) continue;
    double due = scheduleTimeOf(&schedule, number - workload->warmup);
    histogramRecord(time > due ? (uint64_t)((time - due) * 1e6) : 0);
    if (++received == workload->messages) endMeasuring(workload->messages);
  }
}

void trafficReceived(int connection, int64_t messages) {
  if (mode == kLatency) {
    noteLatency(connection, messages);
  } else if (mode == kEcho) {
    count(messages);
    if (isOver) return;
    sent += messages;
    transport->send(connection, messages);
  } else if (mode == kReceive) {
    if (hasBegun) count(messages);
  } else {
    clientFoundWrong();
  }
}

bool trafficIsWarmup(void) { return !isMeasuring; }

void prepareTraffic(const Transport* givenTransport, const Workload* givenWorkload,
                    Outcome* givenOutcome) {
  transport = givenTransport;
  workload = givenWorkload;
  outcome = givenOutcome;
  mode = modeOf(workload->mode);
}

void runTraffic(void) {
  hasBegun = true;
  if (mode == kEcho) runEcho();
  if (mode == kReceive) runReceive();
  if (mode == kSend) runSend();
  if (mode == kLatency) runLatency();
}

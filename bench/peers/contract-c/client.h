// Runs every mode of a workload with a transport: ../contract/client.mjs for C. All of it runs on
// one thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"
#include "workload.h"

// A connection is a number from 0 up; each is opened once.
typedef struct {
  Identity identity;
  // Before anything else; connections is how many there will be.
  void (*begin)(const Workload* workload, int connections);
  void (*open)(int connection);
  // So many messages of the workload's size, together, at the end of the turn at the latest.
  void (*send)(int connection, int64_t count);
  // Begins the closing handshake with code 1000; only called while a message is being received.
  void (*close)(int connection);
  // Bytes that the kernel has not taken yet.
  size_t (*unsent)(int connection);
  // One turn of the loop: waits for something to happen, for so many milliseconds at most;
  // negative: as long as it takes.
  void (*serve)(int milliseconds);
} Transport;

int runClient(const Transport* transport, int argc, char** argv);

// What happens to connections; the transport calls these from serve() or open().
void clientOpened(int connection);
void clientFailed(const char* reason);
void clientReceived(int connection, int64_t count);
void clientClosed(int connection, bool clean);

// Whether contents are still being compared, and what to say if they differ. A transport that does
// not look at them says nothing.
bool clientCompares(void);
void clientFoundWrong(void);

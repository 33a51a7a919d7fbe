// What a peer is asked to do: the command line of ../contract/workload.mjs, as far as C peers
// need it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { kMostAddresses = 16 };

typedef struct {
  char host[64];
  int port;
} Address;

typedef struct {
  const char* mode;
  const char* ca;  // file, or NULL
  Address addresses[kMostAddresses];
  int addressCount;
  bool tls;
  int connections;
  size_t size;
  int inflight;
  int64_t messages;
  int64_t warmup;
  double rate;
  int handshakes;
  int serverPid;  // 0: none
} Workload;

Workload readWorkload(int argc, char** argv);

// Connections take turns: ../contract/addresses.mjs.
const Address* addressFor(const Workload* workload, int connection);

// All connections that the workload opens.
int connectionsOf(const Workload* workload);

// The same bytes as those of every other peer.
void fillPayload(uint8_t* payload, size_t size);

// What a peer is asked to do: the command line of ../contract/workload.mjs, as far as C peers
// need it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  const char* mode;
  const char* url;
  const char* ca;  // file, or NULL
  char host[64];
  int port;
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

// All connections that the workload opens.
int connectionsOf(const Workload* workload);

// The same bytes as those of every other peer.
void fillPayload(uint8_t* payload, size_t size);

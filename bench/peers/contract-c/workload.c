#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void readUrls(Workload* workload, const char* urls) {
  workload->tls = strncmp(urls, "wss://", 6) == 0;
  const char* next = urls;
  do {
    Address* address = &workload->addresses[workload->addressCount++];
    const char* start = strstr(next, "://");
    if (start == NULL || workload->addressCount > kMostAddresses ||
        sscanf(start + 3, "%63[^:/]:%d", address->host, &address->port) != 2) {
      fprintf(stderr, "--url takes up to %d of ws://HOST:PORT/ with commas, not %s\n",
              kMostAddresses, urls);
      exit(2);
    }
    next = strchr(start, ',');
  } while (next != NULL);
}

Workload readWorkload(int argc, char** argv) {
  Workload workload = {
      .mode = "",
      .connections = 1,
      .size = 64,
      .inflight = 1,
      .rate = 1000,
      .handshakes = 128,
  };
  const char* urls = "";
  // Options for other kinds of peers are passed over: everybody is given all of them.
  for (int index = 1; index + 1 < argc; index += 2) {
    const char* option = argv[index];
    const char* value = argv[index + 1];
    if (strcmp(option, "--mode") == 0) workload.mode = value;
    if (strcmp(option, "--url") == 0) urls = value;
    if (strcmp(option, "--ca") == 0) workload.ca = value;
    if (strcmp(option, "--connections") == 0) workload.connections = atoi(value);
    if (strcmp(option, "--size") == 0) workload.size = strtoull(value, NULL, 10);
    if (strcmp(option, "--inflight") == 0) workload.inflight = atoi(value);
    if (strcmp(option, "--messages") == 0) workload.messages = atoll(value);
    if (strcmp(option, "--warmup") == 0) workload.warmup = atoll(value);
    if (strcmp(option, "--rate") == 0) workload.rate = atof(value);
    if (strcmp(option, "--handshakes") == 0) workload.handshakes = atoi(value);
    if (strcmp(option, "--server-pid") == 0) workload.serverPid = atoi(value);
  }
  readUrls(&workload, urls);
  return workload;
}

const Address* addressFor(const Workload* workload, int connection) {
  return &workload->addresses[connection % workload->addressCount];
}

int connectionsOf(const Workload* workload) {
  bool warmsUpWithConnections =
      strcmp(workload->mode, "connect") == 0 || strcmp(workload->mode, "idle") == 0;
  return workload->connections + (warmsUpWithConnections ? (int)workload->warmup : 0);
}

void fillPayload(uint8_t* payload, size_t size) {
  for (size_t index = 0; index < size; index++) payload[index] = (uint8_t)(index * 31);
}

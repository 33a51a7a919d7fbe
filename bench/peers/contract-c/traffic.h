// Messages over connections that are open: what ../contract/runs.mjs is for JavaScript.
#pragma once

#include "client.h"

bool isTraffic(const char* mode);

// Before any connection is opened: a server that floods does not wait to be asked.
void prepareTraffic(const Transport* transport, const Workload* workload, Outcome* outcome);

// With all connections open; sets messages, units, start, end and latency of the outcome.
void runTraffic(void);

void trafficReceived(int connection, int64_t count);
bool trafficIsWarmup(void);

/** lws-pool with the main thread taking leases; one file in lease/ for each way to do so. */
import { report } from './contract/result.mjs';
import { readWorkload } from './contract/workload.mjs';
import { leaseAll } from './lease/all.mjs';
import { locks } from './lease/locks.mjs';
import { requests } from './lease/requests.mjs';
import { throughput } from './lease/throughput.mjs';
import { traffic } from './lease/traffic.mjs';
import { openPool, versions } from './lws-pool-setup.mjs';

const modes = { take: locks, pairs: locks, traffic, throughput, all: leaseAll, requests };

const workload = readWorkload();
await report({ peer: 'lws-pool', versions }, workload, async () =>
  modes[workload.mode](await openPool(workload), workload),
);

/** lws-pool with the main thread taking leases, or looking on; one file in lease/ for each way. */
import { report } from './contract/result.mjs';
import { readWorkload } from './contract/workload.mjs';
import { leaseAll } from './lease/all.mjs';
import { locks } from './lease/locks.mjs';
import { requests } from './lease/requests.mjs';
import { sample } from './lease/sample.mjs';
import { scrape } from './lease/scrape.mjs';
import { throughput } from './lease/throughput.mjs';
import { traffic } from './lease/traffic.mjs';
import { openPool, versions } from './lws-pool-setup.mjs';

const modes = {
  ...{ take: locks, pairs: locks, traffic, throughput, all: leaseAll, requests },
  ...{ sample, scrape },
};

const workload = readWorkload();
await report({ peer: 'lws-pool', versions }, workload, async () =>
  modes[workload.mode](await openPool(workload), workload),
);

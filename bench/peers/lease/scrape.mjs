import { setImmediate as nextTurn } from 'node:timers/promises';
import { readUsage } from '../contract/usage.mjs';
import { openConnections } from './connections.mjs';

/** Prometheus' text with all connections open: time of the main thread. */
export async function scrape(pool, workload) {
  // The other rows are to be measured without it.
  const { default: client } = await import('prom-client');
  const registry = new client.Registry();
  await pool.metrics(registry);
  const connections = await openConnections(pool, workload);
  const times = [];
  const first = await pass(registry);
  const start = readUsage(workload.serverPid);
  for (let index = 0; index < workload.messages; index++) times.push(await pass(registry));
  const end = readUsage(workload.serverPid);
  times.sort((a, b) => a - b);
  return {
    opened: connections.length,
    failed: 0,
    failures: [],
    messages: workload.messages,
    units: workload.messages,
    start,
    end,
    figures: { millis: times[times.length >> 1], firstMillis: first },
  };
}

async function pass(registry) {
  await nextTurn();
  const started = performance.now();
  const text = await registry.metrics();
  const took = performance.now() - started;
  if (!text.includes('lws_pool_connections')) throw new Error('there are no metrics');
  return took;
}

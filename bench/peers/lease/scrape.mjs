import { setImmediate as nextTurn } from 'node:timers/promises';
import { openConnections } from './connections.mjs';
import { passes } from './passes.mjs';

/** Prometheus' text with all connections open: time of the main thread. */
export async function scrape(pool, workload) {
  // The other rows are to be measured without it.
  const { default: client } = await import('prom-client');
  const registry = new client.Registry();
  await pool.metrics(registry);
  const connections = await openConnections(pool, workload);
  return {
    opened: connections.length,
    failed: 0,
    failures: [],
    messages: workload.messages,
    units: workload.messages,
    ...(await passes(workload, workload.messages, () => pass(registry))),
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

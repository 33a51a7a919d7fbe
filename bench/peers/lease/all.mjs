import { setImmediate as nextTurn } from 'node:timers/promises';
import { readUsage } from '../contract/usage.mjs';
import { openConnections } from './connections.mjs';

/** Shared leases on all connections together, and what the kernel knows of each. */
export async function leaseAll(pool, workload) {
  const connections = await openConnections(pool, workload);
  const first = await pass(pool, connections);
  const start = readUsage(workload.serverPid);
  const times = [];
  for (let index = 0; index < workload.leases; index++) times.push(await pass(pool, connections));
  const end = readUsage(workload.serverPid);
  times.sort((a, b) => a - b);
  return {
    opened: connections.length,
    failed: 0,
    failures: [],
    messages: 0,
    units: connections.length * workload.leases,
    start,
    end,
    figures: { millis: times[times.length >> 1], firstMillis: first },
  };
}

async function pass(pool, connections) {
  const started = performance.now();
  const leases = await pool.leaseAll(connections, 'shared');
  const infos = leases.map((lease) => lease.socket.tcpInfo());
  const took = performance.now() - started;
  if (infos.some(({ state }) => state !== 'ESTABLISHED')) throw new Error('a connection was lost');
  for (const lease of leases) lease.release();
  await nextTurn();
  return took;
}

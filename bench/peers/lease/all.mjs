import { setImmediate as nextTurn } from 'node:timers/promises';
import { openConnections } from './connections.mjs';
import { passes } from './passes.mjs';

/** Shared leases on all connections together, and what the kernel knows of each. */
export async function leaseAll(pool, workload) {
  const connections = await openConnections(pool, workload);
  return {
    opened: connections.length,
    failed: 0,
    failures: [],
    messages: 0,
    units: connections.length * workload.leases,
    ...(await passes(workload, workload.leases, () => pass(pool, connections))),
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

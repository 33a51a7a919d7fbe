import { runLocks } from '../contract/locks.mjs';
import { openConnections } from './connections.mjs';
import { watchWakeUps } from './wake-ups.mjs';

/** Connections that nobody uses, as things that are taken and given back. */
export async function locks(pool, workload) {
  const { lease: mode, call } = workload;
  const connections = await openConnections(pool, workload);
  const wakeUps = await watchWakeUps(pool, workload);
  return runLocks(
    connections.map((connection) => ({
      take: () => connection[call](mode),
      release: (lease) => lease.release(),
    })),
    workload,
    wakeUps,
  );
}

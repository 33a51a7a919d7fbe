import { readUsage } from '../contract/usage.mjs';
import { openConnections } from './connections.mjs';

/** All connections sampled once a second, with what the kernel says of them: CPU time of a second. */
export async function sample(pool, workload) {
  const connections = await openConnections(pool, workload);
  let start;
  let samples = 0;
  for await (const each of pool.sample({ interval: 1000, tcpInfo: true })) {
    const rtt = each.column('rtt');
    if (each.size !== connections.length || rtt.some(Number.isNaN))
      throw new Error('one is missing');
    // The first ones find everything cold.
    if (samples++ === workload.warmup) start = readUsage(workload.serverPid);
    if (samples > workload.warmup + workload.messages) break;
  }
  return {
    opened: connections.length,
    failed: 0,
    failures: [],
    messages: workload.messages,
    units: workload.messages,
    start,
    end: readUsage(workload.serverPid),
  };
}

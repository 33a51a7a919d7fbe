import { setTimeout as pause } from 'node:timers/promises';
import { Latency } from '../contract/latency.mjs';
import { readUsage } from '../contract/usage.mjs';
import { openTraffic } from './connections.mjs';

/** Milliseconds between a lease and the next, so that leases are not the load themselves. */
const between = 1;

/** Exclusive leases on connections that are under full load, one after the other. */
export async function traffic(pool, workload) {
  const { leases, warmup, serverPid } = workload;
  const { connections, answers } = await openTraffic(pool, workload);
  await takeEach(connections, warmup, new Latency());
  const latency = new Latency();
  const before = total(answers);
  const start = readUsage(serverPid);
  await takeEach(connections, leases, latency);
  const end = readUsage(serverPid);
  const messages = total(answers) - before;
  const outcome = { opened: connections.length, failed: 0, failures: [], messages };
  return { ...outcome, units: messages, start, end, figures: latency.figures() };
}

async function takeEach(connections, count, latency) {
  for (let index = 0; index < count; index++) {
    await pause(between);
    const connection = connections[index % connections.length];
    const asked = performance.now();
    const lease = await connection.lease('exclusive');
    latency.record(performance.now() - asked);
    lease.release();
  }
}

const total = (answers) => answers.reduce((sum, count) => sum + count, 0);

/** lws-pool with the code that uses the connections running in the worker: see lws-pool-handler.mjs. */
import { once } from 'node:events';
import { bioCost } from './bio/cost.mjs';
import { memoryFields, settledMemory } from './contract/memory.mjs';
import { report } from './contract/result.mjs';
import { readUsage } from './contract/usage.mjs';
import { readWorkload } from './contract/workload.mjs';
import { answersOf, openGroup as open, openIdle, ready, runGroup } from './lws-pool-group.mjs';
import { openPool, versions } from './lws-pool-setup.mjs';

const workload = readWorkload();
const handler = new URL('./lws-pool-handler.mjs', import.meta.url);
const run = (pool) => runGroup(pool, workload, handler);
const openGroup = (pool, count) => open(pool, workload, { count, handler });
const modes = {
  ...{ connect, close, idle, burst, bio: (pool) => bioCost(pool, workload) },
  ...{ echo: run, receive: run, send: run, latency: run, paced: run },
};

await report({ peer: 'lws-pool', versions }, workload, async () => {
  const pool = await openPool(workload);
  return modes[workload.mode](pool);
});

async function connect(pool) {
  await openIdle(pool, workload, { count: workload.warmup, handler });
  const start = readUsage(workload.serverPid);
  const { connections } = workload;
  const { groups: _kept, ...counts } = await openIdle(pool, workload, {
    count: connections,
    handler,
  });
  const end = readUsage(workload.serverPid);
  return { ...counts, messages: 0, units: counts.opened, start, end };
}

async function close(pool) {
  const closeAll = (groups) => Promise.all(groups.map((group) => group.close(1000)));
  const { groups: first } = await openIdle(pool, workload, { count: workload.warmup, handler });
  await closeAll(first);
  const { connections } = workload;
  const { groups, ...counts } = await openIdle(pool, workload, { count: connections, handler });
  const start = readUsage(workload.serverPid);
  await closeAll(groups);
  const end = readUsage(workload.serverPid);
  return { ...counts, messages: 0, units: counts.opened, start, end };
}

async function idle(pool) {
  const { group } = await openGroup(pool, workload.warmup);
  const collectGarbage = async () => {
    globalThis.gc();
    const collected = answersOf(group, 'collected', workload.threads);
    group.post('collect');
    await collected;
  };
  const before = await settledMemory(collectGarbage);
  const start = readUsage(workload.serverPid);
  const { counts } = await openGroup(pool, workload.connections);
  const end = readUsage(workload.serverPid);
  const memory = memoryFields(before, await settledMemory(collectGarbage));
  return { ...counts, messages: 0, units: counts.opened, start, end, ...memory };
}

async function burst(pool) {
  const { url, connections, size, serverPid } = workload;
  const start = readUsage(serverPid);
  const group = await pool.connectMany(url, {
    count: connections,
    handler,
    data: { burst: { size } },
  });
  const tallies = new Map();
  group.on('post', (tally, worker) => tallies.set(worker, tally));
  const total = (field) => [...tallies.values()].reduce((sum, tally) => sum + tally[field], 0);

  const { opened, failures: refusals } = await ready(group, connections);
  while (total('ended') < opened) await once(group, 'post');
  const end = readUsage(serverPid);

  const failures = [...tallies.values()].flatMap((tally) => tally.failures);
  return {
    opened,
    failed: connections - total('good'),
    failures: [...new Set([...refusals, ...failures])],
    messages: total('answered'),
    units: connections,
    start,
    end,
  };
}

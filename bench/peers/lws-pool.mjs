/** lws-pool with the code that uses the connections running in the worker: see lws-pool-handler.mjs. */
import { once } from 'node:events';
import { memoryFields, settledMemory } from './contract/memory.mjs';
import { report } from './contract/result.mjs';
import { outcomeOf } from './contract/run-outcome.mjs';
import { shareOf } from './contract/runs.mjs';
import { readUsage } from './contract/usage.mjs';
import { readWorkload } from './contract/workload.mjs';
import { openPool, versions } from './lws-pool-setup.mjs';

const handler = new URL('./lws-pool-handler.mjs', import.meta.url);
const modes = { connect, idle, echo: run, burst, receive: run, send: run, latency: run };

const workload = readWorkload();
await report({ peer: 'lws-pool', versions }, workload, async () => {
  const pool = await openPool(workload);
  return modes[workload.mode](pool);
});

async function connect(pool) {
  await openGroup(pool, workload.warmup);
  const start = readUsage(workload.serverPid);
  const { counts } = await openGroup(pool, workload.connections);
  const end = readUsage(workload.serverPid);
  return { ...counts, messages: 0, units: counts.opened, start, end };
}

async function idle(pool) {
  const { group } = await openGroup(pool, workload.warmup);
  const collectGarbage = async () => {
    globalThis.gc();
    const collected = answersOf(group, 'collected');
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

/** Messages in each worker; each does its share. */
async function run(pool) {
  const { group, counts } = await openGroup(pool, workload.connections, {
    run: shareOf(workload),
  });
  if (counts.failed > 0) throw new Error(`could not open all: ${counts.failures}`);

  const finished = answersOf(group, 'finished');
  group.post('begin');
  const shares = await finished;
  return { ...counts, ...outcomeOf(shares.map(({ result }) => result)) };
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

  const { opened, failures: refusals } = describe(await ready(group), connections);
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

/** Opens `count` connections with the handler and waits for the last of them. */
async function openGroup(pool, count, data = {}) {
  const group = await pool.connectMany(workload.url, { count, handler, data });
  return { group, counts: describe(await ready(group), count) };
}

async function ready(group) {
  await group.ready;
  return group;
}

function describe({ opened, failed }, wanted) {
  const failures = [...failed].map(([code, { message }]) => `${code}: ${message}`);
  return { opened, failed: wanted - opened, failures };
}

/** One post of this kind from each worker; none if a connection is lost meanwhile. */
function answersOf(group, kind) {
  const answers = [];
  return new Promise((resolve, reject) => {
    const take = (value) => {
      if (value.kind === 'lost') reject(new Error(`a connection was lost: ${value.reason}`));
      if (value.kind !== kind) return;
      answers.push(value);
      if (answers.length < workload.threads) return;
      group.off('post', take);
      resolve(answers);
    };
    group.on('post', take);
  });
}

import { setTimeout as pause } from 'node:timers/promises';
import { measurePairs, quartiles } from '../contract/pairs.mjs';
import { readUsage } from '../contract/usage.mjs';
import { openTraffic } from './connections.mjs';
import { Rotation } from './rotation.mjs';

/** Of a hundred connections one is leased at any time; those who take turns are a tenth. */
const leasedAtATime = 1 / 100;
const leasable = 1 / 10;
/** Milliseconds of a phase that count, and those before them. */
const phase = 100;
const settling = 10;

/**
 * The connections that are never leased, under the same load with leases on others and without, in
 * turn: with, without, without, with, ... What runs without leases waits for as many timers.
 */
export async function throughput(pool, workload) {
  const { pairs, warmup, lease, serverPid } = workload;
  const { connections, answers } = await openTraffic(pool, workload);
  const size = connections.length;
  const turns = connections.slice(0, size * leasable);
  const rotation = new Rotation(turns, Math.max(1, size * leasedAtATime), lease);
  const count = () => ({ others: sum(answers, turns.length), all: sum(answers, 0) });

  const measure = (total) =>
    measurePairs(
      total,
      () => measureRate(rotation, count, true),
      () => measureRate(rotation, count, false),
    );

  await measure(warmup);
  const before = count();
  const start = readUsage(serverPid);
  const measured = await measure(pairs);
  const end = readUsage(serverPid);
  const messages = count().all - before.all;

  const others = quartiles(measured.map((pair) => pair.with.others / pair.without.others));
  const all = quartiles(measured.map((pair) => pair.with.all / pair.without.all));
  return {
    ...{ opened: size, failed: 0, failures: [], messages, units: messages, start, end },
    figures: {
      ratio: others.median,
      lowerQuartile: others.lowerQuartile,
      upperQuartile: others.upperQuartile,
      ratioOfAll: all.median,
      leases: rotation.taken,
    },
  };
}

/** Answers per millisecond. */
async function measureRate(rotation, count, leasing) {
  rotation.begin(leasing);
  await pause(settling);
  const started = performance.now();
  const before = count();
  await pause(phase);
  const after = count();
  const took = performance.now() - started;
  await rotation.end();
  return { others: (after.others - before.others) / took, all: (after.all - before.all) / took };
}

function sum(answers, from) {
  let total = 0;
  for (let index = from; index < answers.length; index++) total += Atomics.load(answers, index);
  return total;
}

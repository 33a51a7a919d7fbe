/**
 * What it costs to have something to oneself for a moment: runs `take` and `pairs` with whatever is
 * taken and given back.
 *
 * @typedef {object} Lock
 * @property {() => unknown} take  answers what `release` wants, or a promise of it
 * @property {(taken) => void} release
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Latency } from './latency.mjs';
import { readUsage } from './usage.mjs';

/** Where the work does not say: finalizers and timers have to run as they do elsewhere. */
const mostPerTurn = 1000;

/**
 * @param {Lock[]} locks
 * @param {import('./workload.mjs').Workload} workload
 * @param {() => number} [wakeUps]  counts those of another thread, up to now
 * @returns {Promise<import('./result.mjs').Outcome>}
 */
export async function runLocks(locks, workload, wakeUps) {
  const modes = { take, pairs };
  const { warmup, leases, serverPid } = workload;
  const run = modes[workload.mode];
  await run(locks, warmup, workload);
  const wakeUpsBefore = wakeUps?.();
  const start = readUsage(serverPid);
  const figures = await run(locks, leases, workload);
  const end = readUsage(serverPid);
  if (wakeUps) figures.wakeUps = wakeUps() - wakeUpsBefore;
  const outcome = { opened: locks.length, failed: 0, failures: [], messages: 0, units: leases };
  return { ...outcome, start, end, figures };
}

/** One after the other, each timed. */
async function take([lock], count, { call, perTurn = mostPerTurn }) {
  const granted = new Latency();
  const released = new Latency();
  for (let left = count; left > 0; left -= perTurn) {
    const timed = call === 'tryLease' ? takeAtOnce : takeAwaited;
    await timed(lock, Math.min(left, perTurn), granted, released);
    await nextTurn();
  }
  return { ...granted.figures(), releaseP50: released.figures().p50 };
}

async function takeAwaited(lock, count, granted, released) {
  for (let index = 0; index < count; index++) {
    const asked = performance.now();
    const taken = await lock.take();
    const got = performance.now();
    lock.release(taken);
    released.record(performance.now() - got);
    granted.record(got - asked);
  }
}

/** The same without a promise in between. */
function takeAtOnce(lock, count, granted, released) {
  for (let index = 0; index < count; index++) {
    const asked = performance.now();
    const taken = lock.take();
    const got = performance.now();
    lock.release(taken);
    released.record(performance.now() - got);
    granted.record(got - asked);
  }
}

/** All side by side, each in a loop of its own, as fast as it goes. */
async function pairs(locks, count) {
  let left = count;
  const started = performance.now();
  await Promise.all(
    locks.map(async (lock) => {
      while (left-- > 0) {
        lock.release(await lock.take());
        if (left % mostPerTurn === 0) await nextTurn();
      }
    }),
  );
  return { perSecond: (count / (performance.now() - started)) * 1000 };
}

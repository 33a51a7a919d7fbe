import { own } from './clients.mjs';
import { echo } from './rows.mjs';

/** @type {import('./index.mjs').Scope} */
export const threads = {
  title: 'the gain from more workers',
  peers: own,
  units: '/s: messages per second of CPU time of the busiest worker thread',
  rows: [
    ...pair('threads', '1 in flight', { inflight: 1, messages: 200_000 }),
    ...pair('threads-pipelined', '16 in flight', { inflight: 16, messages: 400_000 }),
  ],
};

/** One worker and two. That thread's own CPU time is counted, so the two may share a core. */
function pair(name, words, work) {
  const of = (count) =>
    echo({
      id: `${name}-${count}`,
      title: `64-byte echo, 200 connections, ${words}, ${count === 1 ? '1 worker' : `${count} workers`}`,
      metric: 'messagesPerWorkerSecond',
      workload: { connections: 200, size: 64, ...work, threads: count },
    });
  return [of(1), { ...of(2), targets: [{ atLeast: 1.9, row: `${name}-1` }] }];
}

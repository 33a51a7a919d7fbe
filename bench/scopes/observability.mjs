import { clientUnits, own } from './clients.mjs';
import { echo } from './rows.mjs';

/** The same work with nothing counted, with everything counted, and recorded as well. */
function each({ id, title, workload }) {
  const row = (observe, words, targets) =>
    echo({
      id: `observe-${id}-${observe}`,
      title: `${title}, ${words}`,
      peers: own,
      workload: { ...workload, observe },
      ...(targets && { targets }),
    });
  const counted = `observe-${id}-stats`;
  return [
    row('nothing', 'nothing counted'),
    row('stats', 'all counted', [{ atMost: 1.02, row: `observe-${id}-nothing` }]),
    row('flight', 'and recorded', [{ atMost: 1.03, row: counted }]),
  ];
}

/** Looking at many connections. */
function watching(row, workload, quick) {
  return { peers: own, driver: 'lease', ...row, workload, quick: { ...workload, ...quick } };
}

/** @type {import('./index.mjs').Scope} */
export const observability = {
  title: 'the cost of monitoring',
  peers: own,
  units: `${clientUnits}; ms: time by the clock`,
  rows: [
    ...each({
      id: '64',
      title: '64-byte echo, 50 connections, 1 in flight',
      workload: { connections: 50, size: 64, inflight: 1, messages: 400_000 },
    }),
    ...each({
      id: '64-16',
      title: '64-byte echo, 50 connections, 16 in flight',
      workload: { connections: 50, size: 64, inflight: 16, messages: 2_000_000 },
    }),
    watching(
      {
        id: 'observe-sample',
        title: 'a second in which TCP_INFO and all figures of 10,000 connections are sampled',
        metric: 'cpuPerUnit',
        targets: [{ atMost: 50_000 }],
      },
      { mode: 'sample', connections: 10_000, messages: 8, warmup: 3 },
      { connections: 1000, messages: 3 },
    ),
    watching(
      {
        id: 'observe-scrape',
        title: 'a Prometheus scrape with 10,000 connections open',
        metric: 'millis',
        targets: [{ atMost: 20 }],
      },
      { mode: 'scrape', connections: 10_000, messages: 20 },
      { connections: 1000, messages: 5 },
    ),
  ],
};

import { own } from './clients.mjs';

/** Leases on one connection that nobody uses, or locks, one after the other. */
function idle({ work, ...row }) {
  const of = (leases) => ({ mode: 'take', connections: 1, ...work, leases, warmup: leases / 5 });
  return { driver: 'lease', ...row, workload: of(100_000), quick: of(20_000) };
}

/**
 * Both threads of the pool have work then, and a lease goes from one to the other. On a core that
 * they had to share it would be the scheduler's time slices that are measured.
 */
const underLoad = { peers: own, driver: 'lease', unpinned: true };

/** Exclusive leases on connections under full load, which is answered in one place or another. */
function traffic(place, words) {
  const of = (leases) => ({
    ...{ mode: 'traffic', traffic: place, connections: 50, size: 64, inflight: 16 },
    ...{ leases, warmup: leases / 10 },
  });
  const common = { ...underLoad, workload: of(4000), quick: of(500) };
  return [
    { id: `lease-${place}`, title: `exclusive lease ${words}, p50`, metric: 'takeP50', ...common },
    {
      id: `lease-${place}-p99`,
      title: `exclusive lease ${words}, p99`,
      metric: 'takeP99',
      targets: [{ atMost: 1000 }],
      ...common,
    },
    {
      id: `lease-${place}-max`,
      title: `exclusive lease ${words}, the longest of 4,000`,
      metric: 'takeMax',
      ...common,
    },
  ];
}

/** What other connections do while some are leased. */
function throughput({ work, ...row }) {
  const of = (connections, pairs) => ({
    ...{ mode: 'throughput', traffic: 'handler', connections, size: 64, inflight: 1 },
    ...{ ...work, pairs, warmup: pairs / 10 },
  });
  return {
    metric: 'ratio',
    ...underLoad,
    ...row,
    workload: of(1000, 50),
    quick: of(200, 10),
  };
}

/** Leases on all connections together, so many times. */
function all(row) {
  const of = (connections, leases) => ({ mode: 'all', connections, leases });
  return { peers: own, driver: 'lease', ...row, workload: of(10_000, 5), quick: of(1000, 2) };
}

/** @type {import('./index.mjs').Scope} */
export const lease = {
  title: 'the cost of a lease',
  peers: ['async-mutex', 'tarn', 'lws-pool'],
  units: 'us, ms: time by the clock',
  // Rows with the same work stand together: they are read from the same measurements.
  rows: [
    idle({
      id: 'lease',
      title: 'exclusive lease on an idle connection, p50',
      metric: 'takeP50',
      targets: [{ atMost: 10 }],
    }),
    idle({
      id: 'lease-p99',
      title: 'exclusive lease on an idle connection, p99',
      metric: 'takeP99',
    }),
    idle({
      id: 'lease-release',
      title: 'giving an exclusive lease back, p50',
      metric: 'releaseP50',
    }),
    idle({
      id: 'lease-wake-ups',
      title: 'wake-ups of the worker, all leases together',
      metric: 'wakeUps',
      // What looks for trouble wakes a worker once in a while.
      work: { observe: 'nothing' },
      targets: [{ atMost: 0 }],
    }),
    idle({
      id: 'lease-single',
      title: 'exclusive lease, one in a turn of the loop, p50',
      metric: 'takeP50',
      work: { 'per-turn': 1 },
      targets: [{ atMost: 10 }],
    }),
    idle({
      id: 'lease-shared',
      title: 'shared lease on an idle connection, p50',
      metric: 'takeP50',
      peers: own,
      work: { lease: 'shared' },
      targets: [{ atMost: 5 }],
    }),
    idle({
      id: 'lease-try',
      title: 'tryLease on an idle connection, p50',
      metric: 'takeP50',
      peers: own,
      work: { call: 'tryLease' },
      targets: [{ atMost: 2 }],
    }),
    idle({
      id: 'lease-try-single',
      title: 'tryLease, one in a turn of the loop, p50',
      metric: 'takeP50',
      peers: own,
      work: { call: 'tryLease', 'per-turn': 1 },
    }),
    {
      id: 'lease-pairs',
      title: 'lease and release, 64 connections',
      metric: 'perSecond',
      driver: 'lease',
      workload: { mode: 'pairs', connections: 64, leases: 500_000, warmup: 100_000 },
      quick: { mode: 'pairs', connections: 64, leases: 50_000, warmup: 20_000 },
      targets: [{ atLeast: 100_000 }],
    },
    ...traffic('handler', 'under an echo load in a handler'),
    ...traffic('main', 'under an echo load on the main thread'),
    throughput({
      id: 'lease-throughput',
      title: 'throughput of the others, 1 % of all leased',
      targets: [{ atLeast: 0.97 }],
    }),
    throughput({
      id: 'lease-throughput-none',
      title: 'throughput of the others, without leases, for comparison',
      work: { lease: 'none' },
    }),
    all({
      id: 'lease-all',
      title: '10,000 shared leases at once, tcpInfo() of each',
      metric: 'millis',
      targets: [{ atMost: 100 }],
    }),
    all({
      id: 'lease-all-first',
      title: '10,000 shared leases at once, tcpInfo() of each, the first time',
      metric: 'firstMillis',
    }),
  ],
};

import { clientUnits, own } from './clients.mjs';
import { echo, messages } from './rows.mjs';

/** Requests and answers on 64 raw connections, one at a time on each. */
function requests({ work, ...row }) {
  const of = (messages) => ({
    ...{ mode: 'requests', connections: 64, messages, warmup: messages / 4, ...work },
  });
  return {
    ...{ metric: 'cpuPerUnit', driver: 'lease', ...row },
    ...{ workload: of(200_000), quick: of(20_000) },
  };
}

const sizes = { 50: '50', '1k': '1,000', '10k': '10,000' };
const pollers = ['lws-pool', 'lws-pool-io_uring'];

/** @type {import('./index.mjs').Scope} */
export const uring = {
  title: 'io_uring under leases, and under the workers',
  peers: ['net', 'lws-pool', 'lws-pool-io_uring'],
  units: clientUnits,
  rows: [
    requests({
      id: 'uring-requests-own',
      title: "request and answer by the connection's own path, on the main thread; 64 connections",
      peers: own,
      work: { lease: 'none' },
    }),
    requests({
      id: 'uring-requests',
      title: 'the same by a ring under leases, and by node:net',
      peers: ['net', 'lws-pool'],
      targets: [
        { atMost: 1, of: 'net' },
        { atMost: 1, row: 'uring-requests-own' },
      ],
    }),
    requests({
      id: 'uring-requests-link',
      title: 'the same by a ring under leases, as chains of a send and a recv with a promise each',
      peers: own,
      work: { call: 'link' },
    }),
    ...Object.entries(sizes).map(([name, words]) =>
      echo({
        id: `uring-echo-${name}`,
        title: `64-byte echo, ${words} connections, 1 in flight`,
        peers: pollers,
        workload: {
          ...{ connections: Number(words.replace(',', '')), size: 64, inflight: 1 },
          messages: 300_000,
        },
      }),
    ),
    messages({
      id: 'uring-sparse-10k',
      title: '64-byte echo, 10,000 connections, 5,000 messages a second over all of them',
      peers: pollers,
      workload: { mode: 'paced', connections: 10_000, size: 64, rate: 5000, messages: 25_000 },
    }),
  ],
};

import { own } from './clients.mjs';

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

/** @type {import('./index.mjs').Scope} */
export const uring = {
  title: 'io_uring under leases',
  peers: ['net', 'lws-pool'],
  units: 'us: CPU time of the client, user + system',
  rows: [
    requests({
      id: 'uring-requests',
      title: 'request and answer by a ring, against node:net; 64 connections',
      targets: [
        { atMost: 1, of: 'net' },
        { atMost: 1, row: 'uring-requests-own' },
      ],
    }),
    requests({
      id: 'uring-requests-own',
      title: "the same by the connection's own path, on the main thread",
      peers: own,
      work: { lease: 'none' },
    }),
  ],
};

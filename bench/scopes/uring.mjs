import { clientUnits } from './clients.mjs';
import { echo, messages } from './rows.mjs';

const sizes = { 50: '50', '1k': '1,000', '10k': '10,000' };

/** @type {import('./index.mjs').Scope} */
export const uring = {
  title: 'the two pollers: epoll and io_uring',
  peers: ['lws-pool', 'lws-pool-io_uring'],
  units: clientUnits,
  rows: [
    ...Object.entries(sizes).map(([name, words]) =>
      echo({
        id: `uring-echo-${name}`,
        title: `64-byte echo, ${words} connections, 1 in flight`,
        workload: {
          ...{ connections: Number(words.replace(',', '')), size: 64, inflight: 1 },
          messages: 300_000,
        },
      }),
    ),
    messages({
      id: 'uring-sparse-10k',
      title: '64-byte echo, 10,000 connections, 5,000 messages a second over all of them',
      workload: { mode: 'latency', connections: 10_000, size: 64, rate: 5000, messages: 25_000 },
    }),
  ],
};

import { clients, clientUnits } from './clients.mjs';

/** @type {import('./index.mjs').Scope} */
export const baseline = {
  title: 'what one client costs',
  peers: clients,
  units: clientUnits,
  rows: [
    {
      id: 'connect',
      title: 'open 5,000 connections, each',
      metric: 'cpuPerUnit',
      driver: 'worker',
      workload: { mode: 'connect', connections: 5000, warmup: 500 },
      quick: { mode: 'connect', connections: 500, warmup: 100 },
      target: { atMost: 50 },
    },
    {
      id: 'memory',
      title: 'resident memory per idle connection',
      metric: 'memoryPerConnection',
      driver: 'worker',
      workload: { mode: 'idle', connections: 5000, warmup: 500 },
      quick: { mode: 'idle', connections: 1000, warmup: 100 },
      target: { atMost: 1, of: 'bun' },
    },
    echo({
      id: 'echo-64',
      title: '64-byte echo, 50 connections, 1 in flight',
      workload: { connections: 50, size: 64, inflight: 1, messages: 200_000 },
      target: { atMost: 0.9, of: 'bun' },
    }),
    echo({
      id: 'echo-64-pipelined',
      title: '64-byte echo, 50 connections, 16 in flight',
      workload: { connections: 50, size: 64, inflight: 16, messages: 400_000 },
      target: { atMost: 1 / 8, of: 'ws' },
    }),
    echo({
      id: 'echo-65k',
      title: '65,000-byte echo, 10 connections, 4 in flight',
      workload: { connections: 10, size: 65_000, inflight: 4, messages: 10_000 },
      target: { atMost: 1 / 3, of: 'ws' },
    }),
    echo({
      id: 'echo-64-tls',
      title: '64-byte echo over TLS, 50 connections, 1 in flight',
      tls: true,
      workload: { connections: 50, size: 64, inflight: 1, messages: 150_000 },
      target: { atMost: 1.1, of: 'bun' },
    }),
    echo({
      id: 'echo-64-main',
      title: '64-byte echo from the main thread: main thread alone',
      metric: 'mainThreadPerUnit',
      driver: 'main',
      workload: { connections: 50, size: 64, inflight: 1, messages: 200_000 },
      target: { atMost: 2 },
    }),
  ],
};

/**
 * A row of messages there and back; quick: a tenth of them. The warm-up is a quarter of the work:
 * compilers and allocators have settled by then.
 */
function echo({ workload, ...row }) {
  const of = (messages) => ({ mode: 'echo', ...workload, messages, warmup: messages / 4 });
  return {
    metric: 'cpuPerUnit',
    driver: 'worker',
    ...row,
    workload: of(workload.messages),
    quick: of(workload.messages / 10),
  };
}

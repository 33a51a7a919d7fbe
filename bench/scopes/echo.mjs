import { clients, clientUnits, compressing, own, scripted } from './clients.mjs';
import { also, echo as row } from './rows.mjs';

const kilobytes64 = 64 * 1024;
const megabyte = 1024 * 1024;

const fromMain = row({
  id: 'echo-64-main',
  title: '64-byte echo from the main thread: main thread alone',
  isBaseline: true,
  metric: 'mainThreadPerUnit',
  driver: 'main',
  peers: scripted,
  workload: { connections: 50, size: 64, inflight: 1, messages: 200_000 },
  targets: [{ atMost: 1 / 5, of: 'ws' }],
});

/** JSON that both sides compress: peers that cannot are left out. Bun keeps no context at all. */
function compressed(compression, words) {
  const common = { size: 1024, payload: 'json', compression };
  return [
    row({
      id: `echo-1k-json-${compression}`,
      title: `1 KB of JSON compressed both ways ${words}, 50 connections, 1 in flight`,
      peers: compressing,
      workload: { ...common, connections: 50, inflight: 1, messages: 40_000 },
      targets: [
        { atMost: 0.5, of: 'ws' },
        ...(compression === 'takeover' ? [] : [{ atMost: 1, of: 'bun' }]),
      ],
    }),
  ];
}

/**
 * Not every size with every number of connections: the rows that differ in what limits them, the
 * kernel, the parser, copies, or the crossing between threads.
 *
 * @type {import('./index.mjs').Scope}
 */
export const echo = {
  title: 'the cost of a message there and back',
  peers: clients,
  units: clientUnits,
  rows: [
    row({
      id: 'echo-64-one',
      title: '64-byte echo, 1 connection, 1 in flight',
      workload: { connections: 1, size: 64, inflight: 1, messages: 60_000 },
    }),
    row({
      id: 'echo-64',
      title: '64-byte echo, 50 connections, 1 in flight',
      isBaseline: true,
      workload: { connections: 50, size: 64, inflight: 1, messages: 200_000 },
      targets: [
        { atMost: 1.2, of: 'epoll' },
        { atMost: 0.9, of: 'bun' },
      ],
    }),
    row({
      id: 'echo-64-1k',
      title: '64-byte echo, 1,000 connections, 1 in flight',
      workload: { connections: 1000, size: 64, inflight: 1, messages: 200_000 },
    }),
    row({
      id: 'echo-64-pipelined',
      title: '64-byte echo, 50 connections, 16 in flight',
      isBaseline: true,
      workload: { connections: 50, size: 64, inflight: 16, messages: 400_000 },
      targets: [
        { atMost: 1 / 8, of: 'ws' },
        { atMost: 0.5, of: 'best' },
      ],
    }),
    row({
      id: 'echo-1k',
      title: '1 KB echo, 50 connections, 1 in flight',
      workload: { connections: 50, size: 1024, inflight: 1, messages: 200_000 },
    }),
    row({
      id: 'echo-1k-pipelined',
      title: '1 KB echo, 50 connections, 16 in flight',
      workload: { connections: 50, size: 1024, inflight: 16, messages: 300_000 },
    }),
    row({
      id: 'echo-64k',
      title: '64 KB echo, 10 connections, 4 in flight',
      isBaseline: true,
      workload: { connections: 10, size: kilobytes64, inflight: 4, messages: 10_000 },
      targets: [
        { atMost: 1 / 4, of: 'ws' },
        { atMost: 1.5, of: 'epoll' },
      ],
    }),
    row({
      id: 'echo-64k-kept',
      title: '64 KB echo, memory of messages left to the garbage collector',
      peers: own,
      workload: { connections: 10, size: kilobytes64, inflight: 4, messages: 10_000, release: 0 },
    }),
    row({
      id: 'echo-1m',
      title: '1 MB echo, 4 connections, 1 in flight',
      workload: { connections: 4, size: megabyte, inflight: 1, messages: 1000 },
      targets: [
        { atMost: 1 / 4, of: 'ws' },
        { atMost: 1.5, of: 'epoll' },
      ],
    }),
    ...compressed('takeover', 'with contexts'),
    ...compressed('no-takeover', 'without contexts'),
    row({
      id: 'echo-64-tls',
      title: '64-byte echo over TLS, 50 connections, 1 in flight',
      isBaseline: true,
      tls: true,
      workload: { connections: 50, size: 64, inflight: 1, messages: 150_000 },
      targets: [{ atMost: 1, of: 'bun' }],
    }),
    row({
      id: 'echo-64-tls-pipelined',
      title: '64-byte echo over TLS, 50 connections, 16 in flight',
      tls: true,
      workload: { connections: 50, size: 64, inflight: 16, messages: 300_000 },
    }),
    row({
      id: 'echo-64k-tls',
      title: '64 KB echo over TLS, 10 connections, 4 in flight',
      tls: true,
      workload: { connections: 10, size: kilobytes64, inflight: 4, messages: 5000 },
    }),
    fromMain,
    also(fromMain, {
      suffix: 'process',
      title: '64-byte echo from the main thread: whole process',
      metric: 'cpuPerUnit',
      targets: [{ atMost: 1, of: 'ws' }],
    }),
  ],
};

import { own } from './clients.mjs';

/**
 * The same work on connections with a BIO and on others without, in turn: once for each of those
 * that may stay on a connection for good, and once with no BIO on either, which shows how far the
 * ratio can be trusted.
 */
function each({ id, title, workload }) {
  const of = (bio, messages, pairs) => ({
    ...{ mode: 'bio', bio, ...workload, messages },
    ...{ pairs, warmup: pairs / 10 },
  });
  const row = (bio, words, most) => ({
    id: `bio-${id}-${bio}`,
    title: `${title}, ${words}`,
    metric: 'cpuRatio',
    tls: true,
    driver: 'worker',
    peers: own,
    workload: of(bio, workload.messages, 60),
    quick: of(bio, workload.messages / 10, 10),
    ...(most && { targets: [{ atMost: most }] }),
  });
  return [
    row('none', 'no BIO on either, for comparison'),
    row('counter', 'counter', 1.02),
    row('recorder', 'recorder', 1.05),
    row('coalesce', 'coalesce'),
  ];
}

/** @type {import('./index.mjs').Scope} */
export const bio = {
  title: 'the cost of a BIO on a TLS connection',
  peers: own,
  units: 'with the BIO, divided by without it',
  rows: [
    ...each({
      id: '64',
      title: '64-byte echo over TLS, 50 connections, 16 in flight',
      workload: { connections: 50, size: 64, inflight: 16, messages: 100_000 },
    }),
    ...each({
      id: '64k',
      title: '64 KB echo over TLS, 10 connections, 4 in flight',
      workload: { connections: 10, size: 64 * 1024, inflight: 4, messages: 1000 },
    }),
  ],
};

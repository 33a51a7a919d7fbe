import { clientUnits, own } from './clients.mjs';
import { echo } from './rows.mjs';

/** The same work without a BIO and with each of those that may stay on a connection for good. */
function each({ id, title, workload }) {
  const row = (bio, most) =>
    echo({
      id: `bio-${id}-${bio || 'none'}`,
      title: `${title}, ${bio || 'no BIO'}`,
      tls: true,
      peers: own,
      workload: { ...workload, ...(bio && { bio }) },
      ...(most && { targets: [{ atMost: most, row: `bio-${id}-none` }] }),
    });
  return [row(''), row('counter', 1.02), row('recorder', 1.05), row('coalesce')];
}

/** @type {import('./index.mjs').Scope} */
export const bio = {
  title: 'what a BIO on a TLS connection costs',
  peers: own,
  units: clientUnits,
  rows: [
    ...each({
      id: '64',
      title: '64-byte echo over TLS, 50 connections, 16 in flight',
      workload: { connections: 50, size: 64, inflight: 16, messages: 400_000 },
    }),
    ...each({
      id: '64k',
      title: '64 KB echo over TLS, 10 connections, 4 in flight',
      workload: { connections: 10, size: 64 * 1024, inflight: 4, messages: 10_000 },
    }),
  ],
};

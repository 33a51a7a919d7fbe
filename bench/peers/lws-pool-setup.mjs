import { readFileSync } from 'node:fs';
import { createPool } from './lws-pool-library.mjs';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

export const versions = { 'lws-pool': version, node: process.versions.node };

const observing = {
  default: {},
  nothing: { stats: false, warnings: false },
  stats: {},
  flight: { flightRecorder: 64 },
};

const compressions = {
  takeover: true,
  'no-takeover': { serverNoContextTakeover: true, clientNoContextTakeover: true },
};

/** @param {import('./contract/workload.mjs').Workload} workload */
export function openPool({ threads, handshakes, ca, sessions, observe, compression }) {
  return createPool({
    threads,
    // Older builds, which bench:compare measures too, do not know the option.
    ...(process.env.LWS_POOL_POLLER && { poller: process.env.LWS_POOL_POLLER }),
    ...observing[observe],
    ...(compression !== 'off' && { connect: { compression: compressions[compression] } }),
    handshakesInFlight: Math.ceil(handshakes / threads),
    ...(ca && {
      tls: {
        ca,
        ...(sessions === 0 && { maxCachedSessions: 0 }),
        ...(process.env.LWS_POOL_GROUPS && { ecdhCurve: process.env.LWS_POOL_GROUPS }),
      },
    }),
  });
}

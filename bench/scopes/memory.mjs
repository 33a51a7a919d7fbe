import { clients, clientUnits } from './clients.mjs';
import { also, opening } from './rows.mjs';

/** @type {import('./index.mjs').Scope} */
export const memory = {
  title: 'the memory of an idle connection',
  peers: clients,
  units: clientUnits,
  rows: [
    ...both({
      id: 'memory',
      what: 'idle connection',
      isBaseline: true,
      targets: [{ atMost: 0.5, of: 'bun' }],
    }),
    ...both({
      id: 'memory-tls',
      what: 'idle TLS connection',
      tls: true,
      targets: [{ atMost: 1, of: 'bun' }],
    }),
    ...both({
      id: 'memory-tls-full',
      what: 'idle TLS connection that resumed no session',
      tls: true,
      sessions: 0,
    }),
  ],
};

function both({ what, ...row }) {
  const first = opening({
    ...{ ...row, mode: 'idle', connections: 5000 },
    ...{ metric: 'memoryPerConnection', title: `resident memory per ${what}` },
  });
  const anonymous = { suffix: 'anonymous', metric: 'anonymousPerConnection' };
  return [first, also(first, { ...anonymous, title: `anonymous memory per ${what}` })];
}

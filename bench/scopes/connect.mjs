import { clients, clientUnits, scripted } from './clients.mjs';
import { also, opening } from './rows.mjs';

/** What each of 15,000 may cost more than each of 1,000. */
const flat = 1.1;

/** @type {import('./index.mjs').Scope} */
export const connect = {
  title: 'the cost of opening and closing a connection',
  peers: clients,
  units: clientUnits,
  rows: [
    ...both({ id: 'connect-1k', connections: 1000 }),
    ...both({
      id: 'connect',
      connections: 5000,
      isBaseline: true,
      targets: [{ atMost: 1, of: 'bun' }],
    }),
    ...both({
      id: 'connect-15k',
      connections: 15_000,
      targets: [{ atMost: flat, row: 'connect-1k' }],
    }),
    ...both({ id: 'connect-tls-1k', connections: 1000, tls: true }),
    ...both({
      id: 'connect-tls',
      connections: 5000,
      tls: true,
      targets: [{ atMost: 1, of: 'bun' }],
    }),
    ...both({ id: 'connect-tls-full', connections: 5000, tls: true, sessions: 0 }),
    ...both({
      id: 'connect-tls-15k',
      connections: 15_000,
      tls: true,
      targets: [{ atMost: flat, row: 'connect-tls-1k' }],
    }),
    opening({
      id: 'close',
      title: 'close 12,000 connections at once, each',
      mode: 'close',
      connections: 12_000,
      warmup: 1000,
      peers: scripted,
      targets: [{ atMost: 20 }],
    }),
  ],
};

/** What each costs, and how many there were in a second. */
function both({ connections, tls, ...row }) {
  const kind = tls ? 'TLS connections' : 'connections';
  const how = row.sessions === 0 ? ' by a full handshake' : '';
  const many = `${connections.toLocaleString('en-US')} ${kind}${how}`;
  const first = opening({ ...row, tls, connections, title: `open ${many}, each` });
  return [
    first,
    also(first, {
      suffix: 'rate',
      title: `open ${many}, per second`,
      metric: 'connectionsPerSecond',
    }),
  ];
}

import { clients, clientUnits } from './clients.mjs';
import { messages } from './rows.mjs';

/** @type {import('./index.mjs').Scope} */
export const fanout = {
  title: 'the cost of a message that is only sent',
  peers: clients,
  units: clientUnits,
  rows: [
    messages({
      id: 'fanout-64',
      title: '64 bytes to each of 1,000 connections in turn',
      workload: { mode: 'send', connections: 1000, size: 64, messages: 1_000_000 },
    }),
    messages({
      id: 'fanout-1k',
      title: '1 KB to each of 1,000 connections in turn',
      workload: { mode: 'send', connections: 1000, size: 1024, messages: 500_000 },
    }),
  ],
};

import { clients, clientUnits } from './clients.mjs';

/** @type {import('./index.mjs').Scope} */
export const burst = {
  title: 'ten thousand at once',
  peers: clients,
  units: clientUnits,
  rounds: 1,
  rows: [
    {
      id: 'burst',
      title: '10,000 connections asked for at once: how many failed',
      metric: 'failures',
      driver: 'worker',
      workload: { mode: 'burst', connections: 10_000, size: 64 },
      quick: { mode: 'burst', connections: 1_000, size: 64 },
      targets: [{ atMost: 0 }],
    },
  ],
};

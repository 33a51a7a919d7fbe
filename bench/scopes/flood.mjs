import { clients, scripted } from './clients.mjs';
import { messages } from './rows.mjs';

const flood64 = { mode: 'receive', connections: 50, size: 64, messages: 2_000_000 };

/** @type {import('./index.mjs').Scope} */
export const flood = {
  title: 'the rate of messages received',
  peers: clients,
  units: '/s: messages per second of CPU time of the client, user + system',
  rows: [
    messages({
      id: 'flood-64',
      title: '64-byte messages received in a handler',
      metric: 'messagesPerCpuSecond',
      peers: scripted,
      workload: flood64,
      targets: [{ atLeast: 2_500_000 }],
    }),
    messages({
      id: 'flood-64-native',
      title: '64-byte messages received and counted in native code',
      metric: 'messagesPerCpuSecond',
      driver: 'native',
      peers: ['lws', 'epoll', 'lws-pool'],
      workload: { ...flood64, messages: 5_000_000 },
      targets: [{ atLeast: 10_000_000 }],
    }),
  ],
};

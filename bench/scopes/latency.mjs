import { clients } from './clients.mjs';
import { also, messages } from './rows.mjs';

const secondsLong = 5;

/** @type {import('./index.mjs').Scope} */
export const latency = {
  title: 'the latency at a given rate',
  peers: clients,
  units: 'us: time by the clock, from when the message was due, not from when it was sent',
  rows: [
    ...atRate(1000, 'hardly anything to do'),
    ...atRate(10_000, 'a light load'),
    ...atRate(50_000, 'about half of what a core can do', [{ atMost: 1.2, of: 'epoll' }]),
  ],
};

/** The same number of messages every second, whatever becomes of the answers. */
function atRate(rate, words, targets) {
  const name = `${rate / 1000}k`;
  const many = `${rate.toLocaleString('en-US')} messages/s`;
  const first = messages({
    id: `latency-${name}`,
    title: `${many} (${words}), p50`,
    metric: 'latencyP50',
    workload: {
      ...{ mode: 'latency', connections: 50, size: 64 },
      ...{ rate, messages: rate * secondsLong },
    },
  });
  return [
    first,
    also(first, { suffix: 'p99', title: `${many}, p99`, metric: 'latencyP99', targets }),
    also(first, { suffix: 'p999', title: `${many}, p99.9`, metric: 'latencyP999' }),
  ];
}

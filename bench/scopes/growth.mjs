import { clientUnits } from './clients.mjs';
import { echo, opening } from './rows.mjs';

const sizes = { 100: '100', '1k': '1,000', '5k': '5,000', '15k': '15,000' };
const flat = 1.2;

/** @type {import('./index.mjs').Scope} */
export const growth = {
  title: 'whether it stays as cheap with many connections',
  peers: ['ws', 'bun', 'epoll', 'lws-pool'],
  units: clientUnits,
  rows: [
    ...series('growth-echo', (words, connections) =>
      echo({
        title: `64-byte echo, ${words} connections, 1 in flight`,
        workload: { connections, size: 64, inflight: 1, messages: 300_000 },
      }),
    ),
    ...series('growth-connect', (words, connections) =>
      opening({
        title: `one connection more, with ${words} open`,
        connections: 1000,
        warmup: connections,
      }),
    ),
  ],
};

/** A row for each size; the last may cost little more than the first. */
function series(id, rowOf) {
  const names = Object.keys(sizes);
  const last = names.at(-1);
  return names.map((name) => ({
    ...rowOf(sizes[name], Number(sizes[name].replace(',', ''))),
    id: `${id}-${name}`,
    ...(name === last && { targets: [{ atMost: flat, row: `${id}-${names[0]}` }] }),
  }));
}

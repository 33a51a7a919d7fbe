import { clientUnits } from './clients.mjs';
import { echo, opening } from './rows.mjs';

const sizes = { 100: '100', '1k': '1,000', '5k': '5,000', '15k': '15,000' };
/** What many connections may cost more: the spread of a figure is hardly smaller. */
const flat = 1.1;

/** @type {import('./index.mjs').Scope} */
export const growth = {
  title: 'whether it stays as cheap with many connections',
  peers: ['ws', 'bun', 'epoll', 'lws-pool'],
  units: clientUnits,
  rows: [
    ...series(
      'growth-echo',
      (words, connections) =>
        echo({
          title: `64-byte echo, ${words} connections, 1 in flight`,
          workload: { connections, size: 64, inflight: 1, messages: 300_000 },
        }),
      // What the kernel needs grows too, and whatever a library does on top must not.
      [{ atMost: 1.2, of: 'epoll' }],
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

/** A row for each size; the last may cost no more than that of a thousand. */
function series(id, rowOf, targets = []) {
  const names = Object.keys(sizes);
  const last = names.at(-1);
  return names.map((name) => ({
    ...rowOf(sizes[name], Number(sizes[name].replace(',', ''))),
    id: `${id}-${name}`,
    ...(name === last && { targets: [{ atMost: flat, row: `${id}-1k` }, ...targets] }),
  }));
}

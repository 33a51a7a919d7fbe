import { bytes, count } from '../quantities.js';
import { duration, short } from './numbers.js';
import type { PoolView, WorkerView } from './pool-view.js';
import { type Line, span, spread } from './text.js';

/** Of which pool, and how it is looked at. */
export interface Title {
  readonly version: string;
  readonly pid: number;
  /** Seconds between two looks. */
  readonly interval: number;
  readonly paused: boolean;
}

const BAR = 18;
/** A turn that lasts longer than this makes all others wait. Milliseconds. */
const LONG_TURN = 100;

/** The pool as a whole. @param workers lines for workers at most */
export function renderHead(
  { version, pid, interval, paused }: Title,
  pool: PoolView,
  width: number,
  workers: number,
): Line[] {
  const { connections, rates, descriptors, rss } = pool;
  const title = [span(`lws-pool ${version}`, 'strong'), span(`  process ${pid}`)];
  const mode = paused ? span('paused', 'warning') : span(`every ${interval} s`, 'faint');
  const { open = 0, opening = 0, queued = 0, closing = 0 } = connections;
  const limit = descriptors.limit === undefined ? '' : ` of ${count(descriptors.limit)}`;
  return [
    spread(title, width, [mode]),
    [
      span('connections  ', 'faint'),
      span(`${count(open)} open`, 'good'),
      span(`  ${count(opening)} opening  ${count(queued)} queued  ${count(closing)} closing`),
    ],
    [
      span('messages/s   ', 'faint'),
      span(
        `in ${short(rates.messagesReceived).padEnd(6)} out ${short(rates.messagesSent).padEnd(6)}`,
      ),
      span('  bytes/s  ', 'faint'),
      span(`in ${short(rates.bytesReceived).padEnd(6)} out ${short(rates.bytesSent)}`),
    ],
    [
      span('descriptors  ', 'faint'),
      span(`${count(descriptors.open)}${limit}`),
      span('  memory  ', 'faint'),
      span(rss === undefined ? '-' : bytes(rss)),
    ],
    ...renderWorkers(pool.workers, workers),
  ];
}

function renderWorkers(all: readonly WorkerView[], most: number): Line[] {
  if (all.length <= most) return all.map(renderWorker);
  const shown = all.slice(0, Math.max(0, most - 1));
  const rest = all.slice(shown.length);
  const busy = rest.map((worker) => worker.busy * 100);
  const [least, largest] = [Math.min(...busy), Math.max(...busy)];
  const range = `${least.toFixed(0)} % to ${largest.toFixed(0)} % busy`;
  return [...shown.map(renderWorker), [span(`and ${rest.length} more workers, ${range}`, 'faint')]];
}

function renderWorker({ worker, alive, busy, connections, heap, turnMax, turn }: WorkerView): Line {
  const name = `worker ${worker}`.padEnd(13);
  if (!alive) return [span(name, 'faint'), span('is being replaced', 'bad')];
  const percent = `${Math.round(busy * 100)}%`;
  const room = BAR - percent.length;
  const full = Math.min(room, Math.round(busy * BAR));
  const stuck = turn !== undefined && turn > LONG_TURN;
  const longest = stuck ? `in a turn for ${duration(turn)}` : `longest turn ${duration(turnMax)}`;
  return [
    span(name, 'faint'),
    span('['),
    span('|'.repeat(full), busy > 0.9 ? 'bad' : busy > 0.7 ? 'warning' : 'good'),
    span(' '.repeat(room - full)),
    span(percent, 'faint'),
    span(']'),
    span(` ${count(connections).padStart(6)} conns  heap ${bytes(heap)}`),
    span(`  ${longest}`, stuck ? 'bad' : 'plain'),
  ];
}

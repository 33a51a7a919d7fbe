import { number, part } from './numbers.js';

/** What the head of the screen shows of a pool. */
export interface PoolView {
  readonly connections: Readonly<Record<string, number>>;
  readonly rates: {
    readonly messagesReceived: number | undefined;
    readonly messagesSent: number | undefined;
    readonly bytesReceived: number | undefined;
    readonly bytesSent: number | undefined;
  };
  readonly descriptors: { readonly open: number; readonly limit: number | undefined };
  readonly rss: number | undefined;
  readonly workers: readonly WorkerView[];
}

export interface WorkerView {
  readonly worker: number;
  readonly alive: boolean;
  /** From 0 to 1: serving, of the time since the last look. */
  readonly busy: number;
  readonly connections: number;
  readonly heap: number;
  /** The longest turn. Milliseconds. */
  readonly turnMax: number;
  /** For how long the turn has lasted that is under way. Milliseconds. */
  readonly turn: number | undefined;
}

const STATES = ['queued', 'opening', 'open', 'closing'] as const;

/** @param before the same a while ago, for what is counted per second */
export function poolView(stats: unknown, before: unknown): PoolView {
  const at = number(part(stats, 'at')) ?? 0;
  const then = number(part(before, 'at'));
  const seconds = then === undefined ? 0 : (at - then) / 1e3;
  const rate = (name: string) => {
    const [now, earlier] = [number(part(stats, name)), number(part(before, name))];
    if (now === undefined || earlier === undefined || seconds <= 0) return undefined;
    return Math.max(0, (now - earlier) / seconds);
  };
  const earlier = list(part(before, 'workers'));
  return {
    connections: states(part(stats, 'connections')),
    rates: {
      messagesReceived: rate('messagesReceived'),
      messagesSent: rate('messagesSent'),
      bytesReceived: rate('bytesReceived'),
      bytesSent: rate('bytesSent'),
    },
    descriptors: {
      open: number(part(part(stats, 'descriptors'), 'open')) ?? 0,
      limit: number(part(part(stats, 'descriptors'), 'limit')),
    },
    rss: number(part(part(stats, 'memory'), 'rss')),
    workers: list(part(stats, 'workers')).map((worker, index) =>
      workerView(worker, earlier[index], at, then),
    ),
  };
}

function workerView(
  worker: unknown,
  before: unknown,
  at: number,
  then: number | undefined,
): WorkerView {
  const connections = states(part(worker, 'connections'));
  const began = number(part(worker, 'turnBegan'));
  const busy = (number(part(worker, 'busy')) ?? 0) - (number(part(before, 'busy')) ?? 0);
  const turn = began === undefined ? undefined : Math.max(0, at - began);
  const span = then === undefined ? 0 : at - then;
  const current = Math.min(span, turn ?? 0);
  return {
    worker: number(part(worker, 'worker')) ?? 0,
    alive: part(worker, 'alive') === true,
    busy: span <= 0 ? 0 : Math.min(1, Math.max(0, (busy + current) / span)),
    connections: Object.values(connections).reduce((sum, count) => sum + count, 0),
    heap: number(part(part(worker, 'memory'), 'heapUsed')) ?? 0,
    turnMax: number(part(worker, 'turnMax')) ?? 0,
    turn,
  };
}

function states(counts: unknown): Record<(typeof STATES)[number], number> {
  const [queued, opening, open, closing] = STATES.map((name) => number(part(counts, name)) ?? 0);
  return { queued, opening, open, closing } as Record<(typeof STATES)[number], number>;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

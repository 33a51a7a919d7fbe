import { readFileSync } from 'node:fs';
import { epochOffset, WORKER_FIGURE } from '../../channel/figures.js';
import type { ConnectionState } from '../../connection/stats.js';
import { sumConnections } from './reading.js';
import { residentMemory } from './resident-memory.js';
import { ConnectionTable, type Copied } from './table.js';

type Counts = Readonly<Record<ConnectionState, number>>;

/** What has been moved, on all connections, those that have ended included. */
export interface Traffic {
  /** Of a raw connection: reads. */
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** `send()` was called too late for them: their connection was closing. */
  readonly messagesUnsent: number;
  /** They came while their connection was closing, and nobody took what had come before. */
  readonly messagesDiscarded: number;
  /** Above TLS, frame headers included. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** A worker at one instant; counted since its thread started. Times in milliseconds. */
export interface WorkerStats extends Traffic {
  readonly worker: number;
  readonly alive: boolean;
  readonly connections: Counts;
  /** Sockets of connections. */
  readonly descriptors: number;
  /** Of its event loop in which something was served. */
  readonly turns: number;
  /** That its poller has reported. */
  readonly events: number;
  /** The most in one turn. */
  readonly eventsMax: number;
  /** Spent in turns, handlers included. */
  readonly busy: number;
  /** The longest turn: for so long all connections had to wait. */
  readonly turnMax: number;
  /** When the turn began that is under way, since the epoch. */
  readonly turnBegan: number | undefined;
  /** Of its event loop since it started, from 0 to 1: `performance.eventLoopUtilization()`. */
  readonly utilization: number;
  /** Of its JavaScript, in bytes, as `process.memoryUsage()` has them; a second old at most. */
  readonly memory: {
    readonly heapUsed: number;
    readonly heapTotal: number;
    readonly external: number;
  };
}

/** A pool at one instant. */
export interface PoolStats extends Traffic {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly connections: Counts;
  readonly workers: readonly WorkerStats[];
  readonly descriptors: {
    /** Sockets of connections. */
    readonly open: number;
    /** Of the process (RLIMIT_NOFILE); undefined where it has none. */
    readonly limit: number | undefined;
  };
  readonly memory: {
    /** Resident, of the process; undefined where the system does not tell. Bytes. */
    readonly rss: number | undefined;
  };
  /** The connections one by one. */
  readonly each: ConnectionTable;
}

/** What a worker gives to a snapshot. */
export interface Counted extends Copied {
  readonly alive: boolean;
  readonly figures: Float64Array;
  readonly utilization: number;
}

export function poolStats(workers: readonly Counted[]): PoolStats {
  const offset = epochOffset();
  const each = new ConnectionTable(workers, offset);
  const stats = workers.map((worker) => workerStats(worker, offset));
  const sum = (what: (worker: WorkerStats) => number) =>
    stats.reduce((total, worker) => total + what(worker), 0);
  const inState = (state: ConnectionState) => sum(({ connections }) => connections[state]);
  return Object.freeze({
    at: performance.timeOrigin + performance.now(),
    connections: Object.freeze({
      queued: inState('queued'),
      opening: inState('opening'),
      open: inState('open'),
      closing: inState('closing'),
      closed: 0,
    }),
    messagesReceived: sum(({ messagesReceived }) => messagesReceived),
    messagesSent: sum(({ messagesSent }) => messagesSent),
    messagesUnsent: sum(({ messagesUnsent }) => messagesUnsent),
    messagesDiscarded: sum(({ messagesDiscarded }) => messagesDiscarded),
    bytesReceived: sum(({ bytesReceived }) => bytesReceived),
    bytesSent: sum(({ bytesSent }) => bytesSent),
    workers: Object.freeze(stats),
    descriptors: Object.freeze({
      open: sum(({ descriptors }) => descriptors),
      limit: descriptorLimit(),
    }),
    memory: Object.freeze({ rss: residentMemory() }),
    each,
  });
}

function workerStats(
  { worker, alive, segments, figures, utilization }: Counted,
  offset: number,
): WorkerStats {
  const figure = (name: keyof typeof WORKER_FIGURE) => figures[WORKER_FIGURE[name]] as number;
  const { states } = sumConnections(segments);
  const connections = { ...states, closed: 0 };
  const began = figure('turnBegan');
  return Object.freeze({
    worker,
    alive,
    connections: Object.freeze(connections),
    descriptors: connections.opening + connections.open + connections.closing,
    messagesReceived: figure('messagesReceived'),
    messagesSent: figure('messagesSent'),
    messagesUnsent: figure('messagesUnsent') + figure('ownerUnsent'),
    messagesDiscarded: figure('messagesDiscarded'),
    bytesReceived: figure('bytesReceived'),
    bytesSent: figure('bytesSent'),
    turns: figure('turns'),
    events: figure('events'),
    eventsMax: figure('eventsMax'),
    busy: figure('busy'),
    turnMax: figure('turnMax'),
    turnBegan: began > 0 ? began + offset : undefined,
    utilization,
    memory: Object.freeze({
      heapUsed: figure('heapUsed'),
      heapTotal: figure('heapTotal'),
      external: figure('external'),
    }),
  });
}

let limit: number | undefined;

/** Read once: a process that runs does not change it as a rule. */
export function descriptorLimit(): number | undefined {
  try {
    limit ??= Number(
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1],
    );
    return Number.isNaN(limit) ? undefined : limit;
  } catch {
    return undefined;
  }
}

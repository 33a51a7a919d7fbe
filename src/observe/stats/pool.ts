import { readFileSync } from 'node:fs';
import {
  type CompressionStats,
  compressionStats,
  sumCompression,
} from '../../channel/compression-stats.js';
import { epochOffset, WORKER_FIGURE } from '../../channel/figures.js';
import type { ConnectionState } from '../../connection/stats.js';
import { sumConnections } from './reading.js';
import { residentMemory } from './resident-memory.js';
import { ConnectionTable, type Copied } from './table.js';

/** Number of connections in each state; `closed` is always 0. */
export type ConnectionCounts = Readonly<Record<ConnectionState, number>>;

/** Traffic of all connections, those that have ended included. */
export interface Traffic {
  /** Messages that were received; reads of raw connections. */
  readonly messagesReceived: number;
  /** Messages that were sent; writes on raw connections. */
  readonly messagesSent: number;
  /** Messages passed to `send()` while their connection was closing: they were not sent. */
  readonly messagesUnsent: number;
  /** Messages dropped while their connection was closing, because earlier ones were not read. */
  readonly messagesDiscarded: number;
  /** Bytes that were received, above TLS, with frame headers. */
  readonly bytesReceived: number;
  /** Bytes that were sent, above TLS, with frame headers. */
  readonly bytesSent: number;
  /** Messages that were compressed; see the option `compression`. */
  readonly compression: CompressionStats;
}

/** Figures of a worker at one instant, counted since its thread started. Times in milliseconds. */
export interface WorkerStats extends Traffic {
  /** Index of the worker. */
  readonly worker: number;
  /** False while the worker starts, or is being replaced after a crash. */
  readonly alive: boolean;
  /** Number of its connections in each state. */
  readonly connections: ConnectionCounts;
  /** Sockets of its connections. */
  readonly descriptors: number;
  /** Turns of its event loop in which it served connections. */
  readonly turns: number;
  /** Events that its poller has reported. */
  readonly events: number;
  /** The most events in one turn. */
  readonly eventsMax: number;
  /** Time spent in turns, handlers included. */
  readonly busy: number;
  /** The longest turn: all connections of the worker waited that long. */
  readonly turnMax: number;
  /** When the turn under way began, since the epoch; undefined between turns. */
  readonly turnBegan: number | undefined;
  /** Utilization of its event loop, from 0 to 1: `performance.eventLoopUtilization()`. */
  readonly utilization: number;
  /** Memory of its JavaScript, in bytes, as in `process.memoryUsage()`; at most a second old. */
  readonly memory: {
    /** Memory that its JavaScript objects use. */
    readonly heapUsed: number;
    /** Memory that V8 has reserved for them. */
    readonly heapTotal: number;
    /** Memory outside the heap that its JavaScript objects refer to. */
    readonly external: number;
  };
}

/** Figures of a pool at one instant, from `pool.stats()`. */
export interface PoolStats extends Traffic {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Number of connections in each state. */
  readonly connections: ConnectionCounts;
  /** The workers, by index. */
  readonly workers: readonly WorkerStats[];
  /** File descriptors. */
  readonly descriptors: {
    /** Sockets of connections. */
    readonly open: number;
    /** Limit of the process (RLIMIT_NOFILE, getrlimit(2)); undefined where there is none. */
    readonly limit: number | undefined;
  };
  /** Memory of the process. */
  readonly memory: {
    /** Resident memory, bytes; undefined where the system does not tell. */
    readonly rss: number | undefined;
  };
  /** The connections one by one. */
  readonly each: ConnectionTable;
}

/** What a worker gives to a snapshot. */
export interface WorkerSnapshot extends Copied {
  readonly alive: boolean;
  readonly figures: Float64Array;
  readonly utilization: number;
}

export function poolStats(workers: readonly WorkerSnapshot[]): PoolStats {
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
    compression: sumCompression(stats.map(({ compression }) => compression)),
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
  { worker, alive, segments, figures, utilization }: WorkerSnapshot,
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
    messagesUnsent: figure('messagesUnsent') + figure('mainUnsent'),
    messagesDiscarded: figure('messagesDiscarded'),
    bytesReceived: figure('bytesReceived'),
    bytesSent: figure('bytesSent'),
    compression: compressionStats(figure),
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

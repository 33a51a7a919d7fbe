import {
  CLOSE_KINDS,
  closeKindName,
  WORKER_FIGURE,
  workerDurations,
} from '../../channel/figures.js';
import type { WorkerReading } from '../stats/reading.js';
import type { PoolReading } from './source.js';

/** A value with the labels that tell it from others of its metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A counter or a gauge: its names for Prometheus and for OpenTelemetry, and where it is read. */
export interface Metric {
  /** Without `lws_pool_`. */
  readonly name: string;
  /** Without `lws_pool.`. */
  readonly otel: string;
  readonly type: 'counter' | 'gauge';
  /** By the Unified Code for Units of Measure, as OpenTelemetry has them. */
  readonly unit: string;
  readonly help: string;
  /** How the values of several processes make one. Default: sum. */
  readonly aggregator?: 'max';
  read(reading: PoolReading): readonly Sample[];
}

type FigureName = keyof typeof WORKER_FIGURE;

function perWorker(value: (worker: WorkerReading, reading: PoolReading) => number): Metric['read'] {
  return (reading) =>
    reading.workers.map((worker) => ({
      labels: { worker: `${worker.worker}` },
      value: value(worker, reading),
    }));
}

const now = (name: FigureName, scale = 1) =>
  perWorker(({ figures }) => (figures[WORKER_FIGURE[name]] as number) / scale);

const total = (name: FigureName, scale = 1) =>
  perWorker(({ totals }) => (totals[WORKER_FIGURE[name]] as number) / scale);

const one = (value: number | undefined): readonly Sample[] =>
  value === undefined ? [] : [{ labels: {}, value }];

const byCode = (counts: ReadonlyMap<string, number>): readonly Sample[] =>
  Array.from(counts, ([code, value]) => ({ labels: { code }, value }));

const sum = (reading: PoolReading, value: (worker: WorkerReading) => number) =>
  reading.workers.reduce((all, worker) => all + value(worker), 0);

/** Milliseconds in a second. */
const SECOND = 1000;

const CONNECTIONS: readonly Metric[] = [
  {
    name: 'connections',
    otel: 'connection.count',
    type: 'gauge',
    unit: '{connection}',
    help: 'Connections by state, those of groups included.',
    read: ({ workers }) =>
      workers.flatMap(({ worker, states }) =>
        Object.entries(states).map(([state, value]) => ({
          labels: { state, worker: `${worker}` },
          value,
        })),
      ),
  },
  {
    name: 'connections_opened_total',
    otel: 'connection.opened',
    type: 'counter',
    unit: '{connection}',
    help: 'Connections that were opened.',
    read: total('opened'),
  },
  {
    name: 'connections_closed_total',
    otel: 'connection.closed',
    type: 'counter',
    unit: '{connection}',
    help: 'Connections that were open and have ended, by close code (RFC 6455, 7.4).',
    read: (reading) =>
      Array.from({ length: CLOSE_KINDS }, (_, kind) => ({
        labels: { code: closeKindName(kind) },
        value: sum(reading, ({ totals }) => totals[WORKER_FIGURE.closed + kind] as number),
      })).filter(({ value }) => value > 0),
  },
  {
    name: 'connect_failures_total',
    otel: 'connection.failures',
    type: 'counter',
    unit: '{connection}',
    help: 'Connections that were asked for and never opened, by error code.',
    read: ({ main }) => byCode(main.failures),
  },
  {
    name: 'connection_errors_total',
    otel: 'connection.errors',
    type: 'counter',
    unit: '{connection}',
    help: 'Connections that were open and ended with an error, by its code.',
    read: ({ main }) => byCode(main.errors),
  },
  {
    name: 'leases_held',
    otel: 'lease.count',
    type: 'gauge',
    unit: '{lease}',
    help: 'Leases that are held, on the main thread and in handlers.',
    read: (reading) =>
      one(
        reading.main.leaseWait.count -
          reading.main.leaseHold.count +
          sum(
            reading,
            ({ figures }) =>
              workerDurations(figures, 'leaseWait').count -
              workerDurations(figures, 'leaseHold').count,
          ),
      ),
  },
  {
    name: 'descriptors_open',
    otel: 'descriptor.count',
    type: 'gauge',
    unit: '{descriptor}',
    help: 'Descriptors of connections.',
    read: (reading) =>
      one(sum(reading, ({ states }) => states.opening + states.open + states.closing)),
  },
  {
    name: 'descriptors_limit',
    otel: 'descriptor.limit',
    type: 'gauge',
    unit: '{descriptor}',
    help: 'Descriptors that the process may have open (RLIMIT_NOFILE).',
    aggregator: 'max',
    read: ({ descriptorLimit }) => one(descriptorLimit),
  },
];

const TRAFFIC: readonly Metric[] = [
  {
    name: 'messages_received_total',
    otel: 'message.received',
    type: 'counter',
    unit: '{message}',
    help: 'Messages received; of raw connections: reads.',
    read: total('messagesReceived'),
  },
  {
    name: 'messages_sent_total',
    otel: 'message.sent',
    type: 'counter',
    unit: '{message}',
    help: 'Messages sent.',
    read: total('messagesSent'),
  },
  {
    name: 'messages_unsent_total',
    otel: 'message.unsent',
    type: 'counter',
    unit: '{message}',
    help: 'Messages that send() was given too late, while their connection was closing.',
    read: total('messagesUnsent'),
  },
  {
    name: 'messages_discarded_total',
    otel: 'message.discarded',
    type: 'counter',
    unit: '{message}',
    help: 'Messages that came while their connection was closing and that nobody took.',
    read: total('messagesDiscarded'),
  },
  {
    name: 'bytes_received_total',
    otel: 'io.received',
    type: 'counter',
    unit: 'By',
    help: 'Bytes received above TLS, frame headers included.',
    read: total('bytesReceived'),
  },
  {
    name: 'bytes_sent_total',
    otel: 'io.sent',
    type: 'counter',
    unit: 'By',
    help: 'Bytes that the kernel or OpenSSL has taken, frame headers included.',
    read: total('bytesSent'),
  },
  {
    name: 'compressed_bytes_received_total',
    otel: 'compression.received.compressed',
    type: 'counter',
    unit: 'By',
    help: 'Payload bytes of compressed messages received, as they crossed the wire.',
    read: total('encodedReceived'),
  },
  {
    name: 'inflated_bytes_received_total',
    otel: 'compression.received.inflated',
    type: 'counter',
    unit: 'By',
    help: 'The same messages, inflated.',
    read: total('decodedReceived'),
  },
  {
    name: 'compressed_bytes_sent_total',
    otel: 'compression.sent.compressed',
    type: 'counter',
    unit: 'By',
    help: 'Payload bytes of compressed messages sent, as they crossed the wire.',
    read: total('encodedSent'),
  },
  {
    name: 'inflated_bytes_sent_total',
    otel: 'compression.sent.inflated',
    type: 'counter',
    unit: 'By',
    help: 'The same messages before they were compressed.',
    read: total('decodedSent'),
  },
  {
    name: 'queued_bytes',
    otel: 'io.queued',
    type: 'gauge',
    unit: 'By',
    help: 'Bytes in the workers that the kernel has not taken yet.',
    read: perWorker(({ queuedBytes }) => queuedBytes),
  },
];

const WORKERS: readonly Metric[] = [
  {
    name: 'worker_up',
    otel: 'worker.up',
    type: 'gauge',
    unit: '1',
    help: 'Whether the worker is alive: 0 while its thread is being replaced.',
    read: perWorker(({ alive }) => (alive ? 1 : 0)),
  },
  {
    name: 'worker_crashes_total',
    otel: 'worker.crashes',
    type: 'counter',
    unit: '{crash}',
    help: 'Threads of the worker that died.',
    read: perWorker(({ worker }, { main }) => main.retired[worker]?.crashes ?? 0),
  },
  {
    name: 'worker_turns_total',
    otel: 'worker.turns',
    type: 'counter',
    unit: '{turn}',
    help: 'Turns of the event loop in which connections were served.',
    read: total('turns'),
  },
  {
    name: 'worker_events_total',
    otel: 'worker.events',
    type: 'counter',
    unit: '{event}',
    help: 'Events of the poller; by turns: the size of a batch.',
    read: total('events'),
  },
  {
    name: 'worker_busy_seconds_total',
    otel: 'worker.busy',
    type: 'counter',
    unit: 's',
    help: 'Time spent serving connections, handlers included.',
    read: total('busy', SECOND),
  },
  {
    name: 'worker_loop_active_seconds_total',
    otel: 'worker.loop.active',
    type: 'counter',
    unit: 's',
    help: 'Time that the event loop was at work; its rate is the utilization, from 0 to 1.',
    read: perWorker(({ active }) => active / SECOND),
  },
  {
    name: 'worker_turn_seconds',
    otel: 'worker.turn',
    type: 'gauge',
    unit: 's',
    help: 'Age of the turn that is under way: for so long all connections wait. 0: none is.',
    aggregator: 'max',
    read: perWorker(({ figures }, { at }) => {
      const began = figures[WORKER_FIGURE.turnBegan] as number;
      return began > 0 ? Math.max(0, at - began) / SECOND : 0;
    }),
  },
  {
    name: 'worker_turn_max_seconds',
    otel: 'worker.turn.max',
    type: 'gauge',
    unit: 's',
    help: 'The longest turn since the thread started.',
    aggregator: 'max',
    read: now('turnMax', SECOND),
  },
  {
    name: 'worker_heap_used_bytes',
    otel: 'worker.heap.used',
    type: 'gauge',
    unit: 'By',
    help: 'Used of the JavaScript heap.',
    read: now('heapUsed'),
  },
  {
    name: 'worker_heap_size_bytes',
    otel: 'worker.heap.size',
    type: 'gauge',
    unit: 'By',
    help: 'Size of the JavaScript heap.',
    read: now('heapTotal'),
  },
  {
    name: 'worker_external_bytes',
    otel: 'worker.external',
    type: 'gauge',
    unit: 'By',
    help: 'Memory of JavaScript objects outside of the heap.',
    read: now('external'),
  },
];

export const METRICS: readonly Metric[] = [...CONNECTIONS, ...TRAFFIC, ...WORKERS];

import { availableParallelism } from 'node:os';
import {
  type ConnectOptions,
  connectDefaultsSchema,
  defaultConnectOptions,
  mergeConnect,
  type ResolvedConnectOptions,
} from './connect.js';
import type { ResolvedLeaseOptions } from './lease.js';
import type { WarningLimits } from './limits.js';
import type { PlacementPolicy } from './placement.js';
import { type PoolLeaseOptions, poolLeaseSchema, resolvePoolLease } from './pool-lease.js';
import { fitting, flag, group, integer, parseWith, word } from './schema.js';
import { mergeTls, parseTlsOptions, type TlsOptions, tlsSchema } from './tls.js';
import { resolveWarnings, type WarningOptions, warningsSchema } from './warnings.js';

/** How workers learn which descriptors are ready: epoll(7), io_uring(7). */
export type PollerName = 'epoll' | 'io_uring';

/** Options of `createPool()`. */
export interface PoolOptions {
  /** Worker threads. Default: one less than there are cores, at least 1. */
  threads?: number | undefined;
  /** Most connections at a time, open and opening, over all workers. Default: 65,536. */
  maxConnections?: number | undefined;
  /** Most connections a worker is opening at a time; the others wait in order. Default: 64. */
  handshakesInFlight?: number | undefined;
  /**
   * How long a worker may be unresponsive before it is ended and replaced, as after a crash. Only time
   * in which the main thread itself turned counts: neither a suspended process nor a busy main thread
   * ends a worker. 0: never, for debugging. Milliseconds; default: 30,000.
   */
  workerTimeout?: number | undefined;
  /**
   * Most bytes of messages that wait to be read, on all connections together: for a listener, an
   * iteration, or `resume()`. Above it, connections with waiting messages are not read, whatever their
   * `highWaterMark`. Each worker has its share. Bytes; default: only the `highWaterMark` of each.
   */
  maxUnread?: number | undefined;
  /** Which worker gets a new connection. Default: `least-connections`. */
  placement?: PlacementPolicy | undefined;
  /**
   * How workers learn which connections are ready: epoll(7), or multishot polls of io_uring(7), which
   * needs Linux 6.1. They behave alike. Default: `'epoll'`, see docs/threading.md.
   */
  poller?: PollerName | undefined;
  /**
   * How many events to keep of each connection, 0 to 16,384, rounded up to a power of two; each takes
   * 16 bytes of native memory. See docs/monitoring.md. Default: 0, nothing is recorded.
   */
  flightRecorder?: number | undefined;
  /** Default TLS options of all connections. */
  tls?: TlsOptions | undefined;
  /** Default connect options of all connections. */
  connect?: Omit<ConnectOptions, 'signal'> | undefined;
  /**
   * Whether connections and workers are counted, for `stats()` and all that is built on it.
   * Default: true, see docs/monitoring.md for what it costs.
   */
  stats?: boolean | undefined;
  /** Defaults of leases. */
  lease?: PoolLeaseOptions | undefined;
  /** Problems that the pool warns of; `false`: none. See docs/monitoring.md. */
  warnings?: WarningOptions | false | undefined;
  /** Measures connecting, and waiting for and holding leases (`node:perf_hooks`). Default: false. */
  userTiming?: boolean | undefined;
}

/** Pool options complete, copied and in one form. */
export interface ResolvedPoolOptions {
  readonly threads: number;
  readonly maxConnections: number;
  readonly handshakesInFlight: number;
  /** Milliseconds; 0: never. */
  readonly workerTimeout: number;
  /** Undefined: no limit. */
  readonly maxUnread: number | undefined;
  readonly placement: PlacementPolicy;
  readonly poller: PollerName;
  /** Events kept of each connection; 0: none. */
  readonly flightRecorder: number;
  readonly stats: boolean;
  /** Defaults for `parseConnectOptions`; the pool's `tls` are in here. */
  readonly connect: ResolvedConnectOptions;
  readonly lease: ResolvedLeaseOptions;
  /** Undefined: nothing is looked for. */
  readonly warnings: WarningLimits | undefined;
  readonly userTiming: boolean;
}

const POLICIES = ['least-connections', 'round-robin'];

const isPolicy = (value: unknown) =>
  typeof value === 'function' || POLICIES.includes(value as string);

/** Options of a connection that are put beside `connect` by mistake, or those of its TLS. */
const ELSEWHERE = Object.fromEntries([
  ...Object.keys(connectDefaultsSchema.shape).map((name) => [name, `connect.${name}`]),
  ...Object.keys(tlsSchema.shape).map((name) => [name, `tls.${name}`]),
]);

const poolSchema = group(
  {
    threads: integer(1, 256),
    maxConnections: integer(1, 10_000_000),
    handshakesInFlight: integer(1, 4096),
    workerTimeout: integer(0, 2 ** 31 - 1, ' (milliseconds)'),
    maxUnread: integer(0, Number.MAX_SAFE_INTEGER, ' (bytes)'),
    placement: fitting<PlacementPolicy>(
      '"least-connections", "round-robin" or a function',
      isPolicy,
    ),
    poller: word('epoll', 'io_uring'),
    flightRecorder: integer(0, 16_384, ' (events of each connection)'),
    tls: tlsSchema,
    connect: connectDefaultsSchema,
    stats: flag,
    lease: poolLeaseSchema,
    warnings: warningsSchema,
    userTiming: flag,
  },
  ELSEWHERE,
);

/**
 * Validates the options of a pool and completes them.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION, ERR_INVALID_HEADER
 */
export function parsePoolOptions(input: PoolOptions | undefined): ResolvedPoolOptions {
  const given = parseWith(poolSchema, input === undefined ? {} : input);
  const tls = mergeTls(given.tls, parseTlsOptions(undefined));
  const { bio: bios = [], servername } = given.tls ?? {};
  const defaults = { ...defaultConnectOptions(tls), bios, servername };
  const connect = mergeConnect(given.connect ?? {}, defaults);
  return {
    threads: given.threads ?? Math.max(1, availableParallelism() - 1),
    maxConnections: given.maxConnections ?? 65_536,
    handshakesInFlight: given.handshakesInFlight ?? 64,
    workerTimeout: given.workerTimeout ?? 30_000,
    maxUnread: given.maxUnread,
    placement: given.placement ?? 'least-connections',
    poller: given.poller ?? 'epoll',
    flightRecorder: given.flightRecorder ?? 0,
    stats: given.stats ?? true,
    connect: Object.freeze(connect),
    lease: resolvePoolLease(given.lease),
    warnings: given.warnings === false ? undefined : (given.warnings ?? resolveWarnings()),
    userTiming: given.userTiming ?? false,
  };
}

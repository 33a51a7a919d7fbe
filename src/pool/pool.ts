import { EventEmitter } from 'node:events';
import { checkProcess } from '../addon/process.js';
import { monotonicNow } from '../channel/figures.js';
import type { Connection } from '../connection/connection.js';
import { leaseAll } from '../connection/lease-all.js';
import { parseConnectionUrl } from '../connection/url.js';
import { createError } from '../errors/errors.js';
import { madeBy } from '../errors/made-by.js';
import type { FlightRecord } from '../flight/record.js';
import type { Lease } from '../lease/lease.js';
import type { LeaseMode } from '../lease/observation.js';
import type { DebugSocket } from '../observe/debug/socket.js';
import type { MetricsRegistry } from '../observe/metrics/prometheus.js';
import type { PoolStats } from '../observe/stats/pool.js';
import type { Sample } from '../observe/stats/sample.js';
import {
  type CloseOptions,
  type ConnectManyOptions,
  type ConnectOptions,
  type LeaseOptions,
  type MetricsOptions,
  type PollerName,
  type PoolOptions,
  parseCloseOptions,
  parseConnectManyOptions,
  parseConnectOptions,
  parsePoolOptions,
  type ResolvedPoolOptions,
  type SampleOptions,
  type TelemetryOptions,
} from '../options/options.js';
import { isStartingWorker } from '../workers/starting.js';
import { PoolCore } from './core.js';
import type { PoolEvents } from './events.js';
import type { ConnectionGroup } from './group.js';
import { checkKeylog } from './tls-context.js';
import { checkUring } from './uring.js';

/** What `createPool()` alone has. */
const MAKER = Symbol('createPool');
let start: (options: ResolvedPoolOptions) => Promise<Pool>;

/**
 * A pool of connections on worker threads, from {@link createPool}. An idle pool does not keep the
 * process alive; open connections do.
 */
export class Pool extends EventEmitter<PoolEvents> {
  readonly #core: PoolCore;

  static {
    start = async (options) => {
      const pool = new Pool(options, MAKER);
      await pool.#core.start();
      return pool;
    };
  }

  private constructor(options: ResolvedPoolOptions, maker: symbol) {
    super();
    if (maker !== MAKER) {
      throw madeBy('Pool', 'options', options, 'await createPool(options)');
    }
    this.#core = new PoolCore(options, this);
  }

  /** Number of worker threads. */
  get threads(): number {
    return this.#core.options.threads;
  }

  /** How workers learn which connections are ready, see {@link PoolOptions.poller}. */
  get poller(): PollerName {
    return this.#core.options.poller;
  }

  /** Number of connections, open and opening, those of groups included. */
  get size(): number {
    return this.#core.size;
  }

  /**
   * Opens a connection.
   *
   * @param url `ws:`, `wss:`, `tcp://host:port`, `ws+unix:/path:/request` or `unix:/path`
   * @returns the open connection
   * @throws LwsPoolError for arguments: ERR_INVALID_URL, ERR_INVALID_OPTION, ERR_INVALID_HEADER,
   *   ERR_TLS_OPTION, ERR_KEYLOG; for opening: any code of the sections on the network, TLS and the
   *   upgrade in docs/errors.md, ERR_HANDLER_LOAD, ERR_BIO, ERR_WORKER_CRASHED, ERR_POOL_CLOSED,
   *   ERR_TOO_MANY_CONNECTIONS, ERR_ABORTED; as a rejection
   */
  async connect(url: string | URL, options?: ConnectOptions): Promise<Connection> {
    const requested = monotonicNow();
    const parsed = parseConnectionUrl(url);
    const resolved = parseConnectOptions(options, this.#core.options.connect);
    return await this.#core.connect(parsed, resolved, requested);
  }

  /**
   * Opens many connections, spread over all workers, that a handler in the workers serves. Failures of
   * single connections do not reject: the group counts them.
   *
   * @returns the group, once all its workers have loaded the handler
   * @throws LwsPoolError ERR_INVALID_OPTION, ERR_INVALID_URL, ERR_INVALID_HEADER, ERR_TLS_OPTION,
   *   ERR_KEYLOG; ERR_NAME_NOT_FOUND, ERR_NAME_LOOKUP; ERR_HANDLER_LOAD where a worker cannot load the
   *   handler or a BIO, ERR_WORKER_CRASHED where it died meanwhile, ERR_HANDSHAKE_TIMEOUT where the
   *   name lookup, a worker or the handler took longer than `timeout`; ERR_ABORTED, ERR_POOL_CLOSED,
   *   ERR_TOO_MANY_CONNECTIONS, ERR_TOO_MANY_FILES; as a rejection, which leaves no connection open
   */
  async connectMany(url: string | URL, options: ConnectManyOptions): Promise<ConnectionGroup> {
    const parsed = parseConnectionUrl(url);
    const resolved = parseConnectManyOptions(options, this.#core.options.connect);
    return await this.#core.connectMany(parsed, resolved);
  }

  /**
   * Takes leases on several connections, all or none. All callers take them in the same internal
   * order, so that no two of them wait for each other. `timeout` applies to all leases together.
   *
   * @param connections of this pool or of others, each at most once
   * @returns the leases, in the order of `connections`
   * @throws LwsPoolError as {@link Connection.lease}
   */
  leaseAll(
    connections: Iterable<Connection>,
    mode: LeaseMode,
    options?: LeaseOptions,
  ): Promise<Lease<Connection>[]> {
    return leaseAll(connections, mode, options, this.#core.options.lease);
  }

  /**
   * Returns figures of all connections, those of groups included, and of the workers. It reads shared
   * memory and asks no worker, so it works while workers are blocked.
   *
   * @throws LwsPoolError ERR_STATS_OFF
   */
  stats(): PoolStats {
    return this.#core.stats();
  }

  /**
   * Samples all connections, those of groups included, at an interval until you leave the loop over
   * the samples. A new sample replaces one that has not been read. Sampling does not keep the process
   * alive.
   *
   * @throws LwsPoolError ERR_INVALID_OPTION, ERR_STATS_OFF, ERR_POOL_CLOSED
   */
  sample(options?: SampleOptions): AsyncIterableIterator<Sample, undefined> {
    return this.#core.monitor.sample(options);
  }

  /**
   * Adds the figures of the pool to a `Registry` of prom-client, until the pool is closed. They are
   * read only when the registry is scraped. docs/monitoring.md lists them.
   *
   * @returns a function that removes them from the registry
   * @throws LwsPoolError ERR_STATS_OFF, ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION, ERR_POOL_CLOSED;
   *   as a rejection
   */
  metrics(registry: MetricsRegistry, options?: MetricsOptions): Promise<() => void> {
    return this.#core.monitor.metrics(registry, options);
  }

  /**
   * Passes the figures of the pool, and spans of openings and leases, to OpenTelemetry until the pool is
   * closed. After several calls, spans go to the tracer provider of the last one.
   *
   * @returns a function that ends it
   * @throws LwsPoolError ERR_PACKAGE_MISSING where `@opentelemetry/api` is not installed;
   *   ERR_STATS_OFF, ERR_INVALID_OPTION, ERR_POOL_CLOSED; as a rejection
   */
  telemetry(options?: TelemetryOptions): Promise<() => void> {
    return this.#core.monitor.telemetry(options);
  }

  /**
   * Opens a Unix socket of mode 0600 for observers of this pool, such as `lws-pool top`: see
   * docs/monitoring.md. It is read-only, does not keep the process alive, and is removed when the pool
   * or the returned object is closed.
   *
   * @param path path or `file:` URL of the socket
   * @throws LwsPoolError ERR_DEBUG_SOCKET, ERR_STATS_OFF, ERR_POOL_CLOSED, ERR_INVALID_ARGUMENT; as a
   *   rejection
   */
  listenDebug(path: string | URL): Promise<DebugSocket> {
    return this.#core.monitor.listenDebug(path);
  }

  /**
   * Copies the flight records of all connections, open and opening, those of groups included. The event
   * loop turns between pieces of the work.
   *
   * @returns the records, by worker; an empty list without `flightRecorder`
   * @throws LwsPoolError ERR_POOL_CLOSED once the pool is closed; as a rejection
   */
  flightRecords(): Promise<FlightRecord[]> {
    return this.#core.monitor.flightRecords();
  }

  /**
   * Writes the {@link flightRecords} to a new file in Chrome's trace event format, for Perfetto and
   * chrome://tracing: the pool is the process, and each connection a row, by worker. The file gets mode
   * 0600, since it holds addresses.
   *
   * @throws LwsPoolError ERR_INVALID_OPTION without `flightRecorder`; ERR_POOL_CLOSED;
   *   ERR_INVALID_ARGUMENT; ERR_FILE where the file exists, cannot be created, or the disk is full;
   *   ERR_TOO_MANY_FILES; as a rejection
   */
  writeTrace(path: string | URL): Promise<void> {
    return this.#core.monitor.writeTrace(path);
  }

  /**
   * Closes every connection with a close handshake (code 1001), then ends the workers. Connections that
   * are still opening are aborted; connections that do not close in time are terminated. You may call
   * it again.
   *
   * @returns a promise that resolves once the workers have ended
   * @throws LwsPoolError ERR_INVALID_OPTION; as a rejection
   */
  async close(options?: CloseOptions): Promise<void> {
    const { timeout } = parseCloseOptions(options);
    await this.#core.lifetime.close(timeout);
  }

  /**
   * Terminates all connections and ends the workers at once. You may call it again.
   *
   * @param error the connections end with this error, or with copies of it that carry their flight
   *   records; any other than an LwsPoolError becomes the `cause` of ERR_POOL_CLOSED. Default:
   *   ERR_POOL_CLOSED
   * @returns a promise that resolves once the workers have ended
   */
  destroy(error?: Error): Promise<void> {
    return this.#core.lifetime.destroy(error);
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Starts a pool.
 *
 * @returns the pool, once all its workers have started
 * @throws LwsPoolError ERR_INVALID_OPTION, ERR_INVALID_HEADER, ERR_KEYLOG; ERR_ADDON where the OpenSSL
 *   or libuv of this process does not fit; ERR_URING_UNAVAILABLE where
 *   `poller` is `'io_uring'` and the kernel refuses; ERR_TOO_MANY_FILES, ERR_WORKER_START where
 *   descriptors, threads or memory are short, so that you may try again, or where Node.js may make no
 *   threads; ERR_NESTED_POOL in a worker of another pool that is still starting; ERR_POOL_FAILED where
 *   its workers cannot start; as a rejection
 */
export async function createPool(options?: PoolOptions): Promise<Pool> {
  checkProcess();
  if (isStartingWorker()) throw createError('ERR_NESTED_POOL');
  const resolved = parsePoolOptions(options);
  if (resolved.poller === 'io_uring') checkUring();
  checkKeylog(resolved.connect.tls);
  return await start(resolved);
}

import { EventEmitter } from 'node:events';
import { onAbort } from '../base/abort.js';
import { channels } from '../base/diagnostics.js';
import { givenUpWithPool } from '../channel/failure.js';
import { monotonicNow } from '../channel/figures.js';
import type { Connection } from '../connection/connection.js';
import { leaseAll } from '../connection/lease-all.js';
import { type ConnectionUrl, parseConnectionUrl } from '../connection/url.js';
import { createError, fromPlain, LwsPoolError } from '../errors/errors.js';
import { madeBy } from '../errors/made-by.js';
import { descriptorShortage } from '../errors/shortage.js';
import type { FlightRecord } from '../flight/record.js';
import { leaseTrouble } from '../health/lease-trouble.js';
import type { PoolWarning } from '../health/warning.js';
import { type WarningAudience, Warnings } from '../health/warnings.js';
import { TroubleWatch } from '../health/watch.js';
import type { LeaseReport } from '../lease/leaks.js';
import type { Lease } from '../lease/lease.js';
import type { LeaseMode } from '../lease/observation.js';
import { type NativeEndpoint, native } from '../native.js';
import type { DebugSocket } from '../observe/debug/socket.js';
import type { MetricsRegistry } from '../observe/metrics/prometheus.js';
import { MainFigures } from '../observe/stats/main-figures.js';
import { type PoolStats, poolStats, type WorkerSnapshot } from '../observe/stats/pool.js';
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
  type ResolvedConnectManyOptions,
  type ResolvedConnectOptions,
  type ResolvedPoolOptions,
  type SampleOptions,
  type TelemetryOptions,
} from '../options/options.js';
import type { FromWorker, GroupReport } from '../workers/control.js';
import { ConnectTrace } from './connect-trace.js';
import { createEndpoint, endpointOptions } from './endpoint.js';
import { ConnectionGroup } from './group.js';
import { KeepAlive } from './keep-alive.js';
import { type MonitoredPool, PoolMonitor } from './monitor.js';
import { createPlacement, type Placement } from './placement.js';
import { resolveAddresses } from './resolve.js';
import { checkKeylog } from './tls-context.js';
import { aborted, Waits } from './waits.js';
import { errorContext, type PoolWorker, type Request } from './worker.js';
import { Workers } from './workers.js';

/** Events of a {@link Pool}, with the arguments of their listeners. */
export interface PoolEvents {
  /** A worker died: its connections have ended with this error, and another worker replaces it. */
  workerCrashed: [error: LwsPoolError];
  /** A handler threw in `receive`, or for a connection that had already ended. */
  handlerFailed: [error: LwsPoolError];
  /**
   * A problem that ends no connection, but needs attention: see docs/monitoring.md. Without a
   * listener, the pool emits a warning of the process instead (`process.emitWarning()`).
   */
  warning: [warning: PoolWarning];
}

type State = 'open' | 'closing' | 'closed';

/** Beyond the time that connections have to close: for their workers to do it. Milliseconds. */
const GRACE = 2_000;

/**
 * A pool of connections on worker threads, from {@link createPool}. An idle pool does not keep the
 * process alive; open connections do.
 */
export class Pool extends EventEmitter<PoolEvents> {
  readonly #options: ResolvedPoolOptions;
  readonly #placement: Placement;
  readonly #figures: MainFigures;
  readonly #workers: Workers;
  readonly #groups = new Map<number, ConnectionGroup>();
  readonly #handling = new Map<string, (error: LwsPoolError | undefined) => void>();
  readonly #endpoints = new WeakMap<ConnectionUrl, CachedEndpoint>();
  readonly #process = new KeepAlive();
  readonly #waits = new Waits();
  readonly #observing: PoolMonitor;
  readonly #warnings: Warnings;
  readonly #watch: TroubleWatch | undefined;
  #lastGroup = 0;
  /** Of endpoints, at taking local addresses. */
  #turn = 0;
  /** Connections whose names are being looked up: counted before a worker knows of them. */
  #resolving = 0;
  /** The longest time that any connection has to close. Milliseconds. */
  #closeTimeout = 0;
  #state: State = 'open';
  /** It is being made, and its maker hears of what goes wrong. */
  #starting = true;
  #reason: LwsPoolError | undefined;
  #ended: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  private constructor(options: ResolvedPoolOptions, maker: symbol) {
    super();
    if (maker !== MAKER) {
      throw madeBy('Pool', 'options', options, 'await createPool(options)');
    }
    this.#options = options;
    this.#placement = createPlacement(options.placement);
    this.#figures = new MainFigures(options.threads);
    this.#warnings = new Warnings(this.#audience());
    this.#workers = new Workers(options, this.#figures, {
      onMessage: (worker, message) => this.#onMessage(worker, message),
      onSlotFreed: () => this.#settle(),
      onLease: (report) => this.#onLease(report),
      onTrouble: (trouble) => this.#warnings.report(trouble),
      onStart: (worker) => this.#onStart(worker),
      onCrash: (worker, error) => this.#onCrash(worker, error),
      onShortage: (worker, error) => this.#onShortage(worker, error),
      onUnresponsive: (worker) => this.#onUnresponsive(worker),
      onSilent: (worker) => {
        worker.settleOverdue();
        for (const group of this.#groups.values()) group.settleOverdue(worker);
      },
      onFailure: (error) => {
        void this.destroy(error);
      },
    });
    this.#observing = new PoolMonitor(this.#observed());
    if (options.warnings !== undefined) {
      this.#watch = new TroubleWatch(
        options.warnings,
        () => this.#workers.all,
        (trouble) => this.#warnings.report(trouble),
      );
      this.#watch.start();
    }
  }

  #observed(): MonitoredPool {
    const workers = () => this.#workers.all;
    return {
      options: this.#options,
      figures: this.#figures,
      get workers() {
        return workers();
      },
      stats: () => this.stats(),
      groupUrl: (group) => this.#groups.get(group)?.url,
      checkOpen: () => this.#checkOpen(),
      during: (work) => this.#process.during(work),
    };
  }

  /** Number of worker threads. */
  get threads(): number {
    return this.#options.threads;
  }

  /** How workers learn which connections are ready, see {@link PoolOptions.poller}. */
  get poller(): PollerName {
    return this.#options.poller;
  }

  /** Number of connections, open and opening, those of groups included. */
  get size(): number {
    return this.#workers.all.reduce((sum, { connections }) => sum + connections, this.#resolving);
  }

  /** @internal */
  static async start(options: ResolvedPoolOptions): Promise<Pool> {
    const pool = new Pool(options, MAKER);
    await pool.#start();
    return pool;
  }

  async #start(): Promise<void> {
    await this.#process.during(this.#workers.untilAllAlive());
    this.#starting = false;
    if (this.#reason !== undefined) throw this.#reason;
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
    const target = parseConnectionUrl(url);
    const resolved = parseConnectOptions(options, this.#options.connect);
    this.#checkRoom(1);
    if (target.secure) checkKeylog(resolved.tls);
    this.#closeTimeout = Math.max(this.#closeTimeout, resolved.closeTimeout);
    const observation = this.#figures.observer?.connecting(target);
    const trace = ConnectTrace.of(target, this.#options.userTiming);
    try {
      const opening = this.#process.during(this.#connect(target, resolved, requested, trace));
      const connection = await (trace === undefined ? opening : trace.follow(opening));
      observation?.opened(connection);
      return connection;
    } catch (error) {
      if (error instanceof LwsPoolError) this.#figures.failed(error.code);
      observation?.failed(error);
      throw error;
    }
  }

  async #connect(
    target: ConnectionUrl,
    resolved: ResolvedConnectOptions,
    requested: number,
    trace: ConnectTrace | undefined,
  ): Promise<Connection> {
    let endpoint: NativeEndpoint;
    let worker: PoolWorker;
    this.#resolving++;
    try {
      endpoint = await this.#endpoint(target, resolved);
      trace?.resolved();
      worker = await this.#place(target, resolved);
    } finally {
      this.#resolving--;
      this.#settle();
    }
    let connection: Promise<Connection> | undefined;
    try {
      const times = { requested, resolved: monotonicNow() };
      const group = await this.#prepare(worker, target, resolved);
      this.#checkOpen();
      if (resolved.signal?.aborted) throw aborted(target, resolved.signal);
      connection = this.#begin(worker, endpoint, target, resolved, { group, ...times });
    } finally {
      if (connection === undefined) {
        worker.addConnections(-1);
        this.#settle();
      }
    }
    return await connection;
  }

  /** Has a worker load what a connection needs there; returns the number of its handler's group. */
  async #prepare(
    worker: PoolWorker,
    target: ConnectionUrl,
    resolved: ResolvedConnectOptions,
  ): Promise<number> {
    const modules = bioModules(target, resolved);
    const { handler, timeout, signal } = resolved;
    const terms = { target, timeout, signal };
    const { index } = worker;
    if (modules.length > 0) {
      const late = () => ({ worker: index, bio: modules.join(', ') });
      await this.#waits.until(this.#loadBios(worker, modules), { ...terms, phase: 'BIO', late });
    }
    if (handler === undefined) return 0;
    const loading = this.#handle(worker, handler, target, resolved);
    const late = () => ({ worker: index, handler });
    return await this.#waits.until(loading, { ...terms, phase: 'handler', late });
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
    const target = parseConnectionUrl(url);
    const resolved = parseConnectManyOptions(options, this.#options.connect);
    const { handler, count } = resolved;
    if (handler === undefined) {
      throw createError('ERR_INVALID_OPTION', {
        option: 'handler',
        got: 'undefined',
        takes: 'the module that handles the connections: a file: URL or an absolute path',
      });
    }
    this.#checkRoom(count);
    if (target.secure) checkKeylog(resolved.tls);
    this.#closeTimeout = Math.max(this.#closeTimeout, resolved.closeTimeout);
    return await this.#process.during(this.#connectMany(target, resolved, handler));
  }

  async #connectMany(
    target: ConnectionUrl,
    resolved: ResolvedConnectManyOptions,
    handler: string,
  ): Promise<ConnectionGroup> {
    const { count, rate, signal } = resolved;
    const addresses = await this.#addresses(target, resolved);
    const endpoint = endpointOptions(target, resolved, addresses);
    const terms = { target, timeout: resolved.timeout, signal };
    await this.#waits.until(this.#workers.untilAvailable(), { ...terms, phase: 'worker' });
    this.#checkRoom(count);
    const group = ConnectionGroup.make({
      id: ++this.#lastGroup,
      count,
      url: target.url,
      figures: this.#figures,
      closeTimeout: resolved.closeTimeout,
    });
    const workers = this.#workers.all.filter(({ available }) => available);
    const modules = bioModules(target, resolved);
    if (modules.length > 0) {
      const loading = new Set(workers);
      const bios = workers.map(async (worker) => {
        await this.#loadBios(worker, modules);
        loading.delete(worker);
      });
      const late = () => ({ worker: [...loading][0]?.index, bio: modules.join(', ') });
      await this.#waits.until(Promise.all(bios), { ...terms, phase: 'BIO', late });
    }
    this.#groups.set(group.id, group);
    const loads: Promise<void>[] = [];
    for (const [index, worker] of workers.entries()) {
      const share = Math.floor(count / workers.length) + (index < count % workers.length ? 1 : 0);
      if (share === 0) continue;
      loads.push(this.#untilHandling(group.id, worker));
      group.begin(worker, {
        group: group.id,
        handler,
        data: resolved.data,
        highWaterMark: resolved.highWaterMark,
        known: errorContext(target),
        endpoint,
        count: share,
        rate: rate === undefined ? undefined : (rate * share) / count,
      });
    }
    const ignore = signal && onAbort(signal, () => group.terminate());
    const { tls } = resolved;
    void group.closed.then(() => {
      ignore?.();
      this.#forget(group);
      // Until here workers find the TLS context by its number: it lives as long as these options.
      void tls;
    });
    try {
      const late = () => ({ worker: group.loading?.index, handler });
      await this.#waits.until(Promise.all(loads), { ...terms, phase: 'handler', late });
    } catch (error) {
      // Nobody has it, and nobody could end it.
      group.giveUp(error as LwsPoolError);
      this.#forget(group);
      this.#settle();
      throw error;
    }
    setImmediate(() => group.onSettled());
    return group;
  }

  /**
   * Takes leases on several connections, all or none. All callers take them in the same internal
   * order, so that no two of them wait for each other. `timeout` applies to all leases together.
   *
   * @param connections connections of this pool, each at most once
   * @returns the leases, in the order of `connections`
   * @throws LwsPoolError as {@link Connection.lease}
   */
  leaseAll(
    connections: Iterable<Connection>,
    mode: LeaseMode,
    options?: LeaseOptions,
  ): Promise<Lease<Connection>[]> {
    return leaseAll(connections, mode, options, this.#options.lease);
  }

  /**
   * Returns figures of all connections, those of groups included, and of the workers. It reads shared
   * memory and asks no worker, so it works while workers are blocked.
   *
   * @throws LwsPoolError ERR_STATS_OFF
   */
  stats(): PoolStats {
    const counted = this.#workers.all.map((worker) => worker.counted());
    if (counted.includes(undefined)) throw createError('ERR_STATS_OFF');
    return poolStats(counted as WorkerSnapshot[]);
  }

  /**
   * Samples all connections, those of groups included, at an interval until you leave the loop over
   * the samples. A new sample replaces one that has not been read. Sampling does not keep the process
   * alive.
   *
   * @throws LwsPoolError ERR_INVALID_OPTION, ERR_STATS_OFF, ERR_POOL_CLOSED
   */
  sample(options?: SampleOptions): AsyncIterableIterator<Sample, undefined> {
    return this.#observing.sample(options);
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
    return this.#observing.metrics(registry, options);
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
    return this.#observing.telemetry(options);
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
    return this.#observing.listenDebug(path);
  }

  /**
   * Copies the flight records of all connections, open and opening, those of groups included. The event
   * loop turns between pieces of the work.
   *
   * @returns the records, by worker; an empty list without `flightRecorder`
   * @throws LwsPoolError ERR_POOL_CLOSED once the pool is closed; as a rejection
   */
  flightRecords(): Promise<FlightRecord[]> {
    return this.#observing.flightRecords();
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
    return this.#observing.writeTrace(path);
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
    this.#ended ??= this.#process.during(this.#close(timeout));
    await this.#ended;
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
    if (this.#state !== 'closed') {
      this.#state = 'closed';
      this.#watch?.stop();
      this.#reason =
        error === undefined || error instanceof LwsPoolError
          ? (error ?? createError('ERR_POOL_CLOSED'))
          : createError('ERR_POOL_CLOSED', {}, { cause: error });
      const reason = this.#reason;
      this.#waits.end(reason);
      for (const worker of this.#workers.all) this.#lose(worker, reason);
      this.#ended = this.#process.during(this.#workers.destroy(reason));
      this.#observing.end();
      this.#onIdle?.();
    }
    return this.#ended ?? Promise.resolve();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeout: number | undefined): Promise<void> {
    this.#state = 'closing';
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    for (const worker of this.#workers.all) {
      worker.abandonOpening();
      for (const connection of worker.open()) void connection.close(1001);
      worker.outbox.flush();
    }
    for (const group of this.#groups.values()) group.onPoolClosing();
    this.#waits.end(createError('ERR_POOL_CLOSED'));
    this.#settle();
    const limit = this.#limitClosing(timeout);
    await idle;
    if (!this.#isClosed()) await this.#workers.stop();
    clearInterval(limit);
    // Ends what is left of the threads, where destroy() has not been faster.
    await this.destroy();
  }

  /** Without a time of its own each connection has what it needs; only a worker that hangs does not. */
  #limitClosing(timeout: number | undefined): NodeJS.Timeout {
    const hangs = () =>
      this.#workers.all.every(({ connections, pulse }) => connections === 0 || pulse.lost);
    if (timeout !== undefined) return setTimeout(() => void this.destroy(), timeout);
    return setInterval(() => {
      if (hangs()) void this.destroy();
    }, this.#closeTimeout + GRACE);
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #settle(): void {
    if (this.#state === 'closing' && this.size === 0) this.#onIdle?.();
  }

  #checkOpen(): void {
    if (this.#state !== 'open') throw this.#reason ?? createError('ERR_POOL_CLOSED');
  }

  #checkRoom(count: number): void {
    this.#checkOpen();
    const limit = this.#options.maxConnections;
    if (this.size + count > limit) throw createError('ERR_TOO_MANY_CONNECTIONS', { limit });
  }

  async #addresses(
    target: ConnectionUrl,
    { lookup, signal, timeout }: ResolvedConnectOptions,
  ): Promise<readonly string[]> {
    if (signal?.aborted) throw aborted(target, signal);
    const { onEnd } = this.#waits;
    const found = await resolveAddresses(target, { lookup, signal, timeout, onEnd });
    return found.map(({ address }) => address);
  }

  /** Endpoints are made anew only where something of them has changed since the last time. */
  async #endpoint(target: ConnectionUrl, options: ResolvedConnectOptions): Promise<NativeEndpoint> {
    const addresses = await this.#addresses(target, options);
    const known = this.#endpoints.get(target);
    const key = addresses.join();
    if (known !== undefined && known.options === options && known.key === key) {
      return known.endpoint;
    }
    // Each endpoint begins with the next of its local addresses, as each connection of one does.
    const { localAddress } = options;
    const first = this.#turn++ % (localAddress.length || 1);
    const endpoint = createEndpoint({
      ...endpointOptions(target, options, addresses),
      localAddresses: [...localAddress.slice(first), ...localAddress.slice(0, first)],
    });
    this.#endpoints.set(target, { options, key, endpoint });
    return endpoint;
  }

  /**
   * The worker for a connection, which is counted there at once: where the next one goes depends on
   * it. Waits while all of them are being replaced, or do not answer.
   */
  async #place(
    target: ConnectionUrl,
    { timeout, signal }: ResolvedConnectOptions,
  ): Promise<PoolWorker> {
    let until: number | undefined;
    for (;;) {
      this.#checkOpen();
      const index = this.#placement(this.#workers.placeable);
      const worker = index === undefined ? undefined : this.#workers.all[index];
      if (worker !== undefined) {
        worker.addConnections(1);
        return worker;
      }
      const now = performance.now();
      until ??= now + timeout;
      const terms = { target, timeout: Math.max(0, until - now), signal, phase: 'worker' };
      await this.#waits.until(this.#workers.untilAvailable(), terms);
    }
  }

  /** Loads a handler for a single connection; returns the number of its group. */
  async #handle(
    worker: PoolWorker,
    handler: string,
    target: ConnectionUrl,
    { data, highWaterMark }: ResolvedConnectOptions,
  ): Promise<number> {
    const group = ++this.#lastGroup;
    const loaded = this.#untilHandling(group, worker);
    const known = errorContext(target);
    worker.post({ type: 'handle', spec: { group, handler, data, highWaterMark, known } });
    await loaded;
    return group;
  }

  /** Has a worker import modules of BIOs. */
  #loadBios(worker: PoolWorker, modules: readonly string[]): Promise<void> {
    const group = ++this.#lastGroup;
    const loaded = this.#untilHandling(group, worker);
    worker.post({ type: 'bios', group, modules });
    return loaded;
  }

  #untilHandling(group: number, worker: PoolWorker): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#handling.set(handlingKey(group, worker), (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  #begin(
    worker: PoolWorker,
    endpoint: NativeEndpoint,
    target: ConnectionUrl,
    options: ResolvedConnectOptions,
    more: Pick<Request, 'group' | 'requested' | 'resolved'>,
  ): Promise<Connection> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      let ignoreAbort: (() => void) | undefined;
      const giveUp = worker.connect(endpoint, {
        url: target.url,
        host: target.host,
        port: target.port,
        kind: target.kind,
        highWaterMark: options.highWaterMark,
        timeout: options.timeout,
        closeTimeout: options.closeTimeout,
        ...more,
        resolve(connection) {
          ignoreAbort?.();
          if (!signal?.aborted) return resolve(connection);
          // It stood already when the worker was told to give it up.
          connection.terminate();
          reject(aborted(target, signal));
        },
        reject(error) {
          ignoreAbort?.();
          if (error.code !== 'ERR_ABORTED') reject(error);
          else if (signal?.aborted) reject(aborted(target, signal));
          // Given up by close().
          else reject(givenUpWithPool(error));
        },
      });
      if (signal !== undefined) ignoreAbort = onAbort(signal, giveUp);
    });
  }

  #onMessage(worker: PoolWorker, message: FromWorker): void {
    switch (message.type) {
      case 'handling': {
        const key = handlingKey(message.group, worker);
        const error = message.error && (fromPlain(message.error) as LwsPoolError);
        const group = this.#groups.get(message.group);
        if (error === undefined) group?.onHandling(worker);
        else group?.onWorkerLost(worker, error);
        this.#handling.get(key)?.(error);
        this.#handling.delete(key);
        break;
      }
      case 'report':
        this.#onReport(worker, message.group, message.report);
        break;
      case 'threw':
        this.emit('handlerFailed', fromPlain(message.error) as LwsPoolError);
        break;
      case 'post':
        this.#groups.get(message.group)?.onPost(message.value, worker.index);
        break;
      case 'lease':
        this.#onLease(message.report);
        break;
      case 'sampled':
        worker.onSampled();
        break;
      case 'warning':
        this.#warnings.report(message.trouble);
        break;
    }
  }

  #onReport(worker: PoolWorker, id: number, report: GroupReport): void {
    const group = this.#groups.get(id);
    group?.onReport(worker, report);
    if (group !== undefined) this.#forget(group);
    this.#settle();
  }

  /** Once no worker has anything of it. */
  #forget(group: ConnectionGroup): void {
    if (group.isDone) this.#groups.delete(group.id);
  }

  #onLease(report: LeaseReport): void {
    this.#warnings.report(leaseTrouble(report), `${report.connection} ${report.token}`);
    if (report.kind === 'leaked' && channels.leaseLeaked.hasSubscribers) {
      channels.leaseLeaked.publish({ report });
    }
  }

  #audience(): WarningAudience {
    const pool = this;
    return {
      get listens() {
        return pool.listenerCount('warning') > 0;
      },
      tell(warning) {
        if (channels.warning.hasSubscribers) channels.warning.publish({ pool, warning });
        pool.emit('warning', warning);
      },
    };
  }

  #onStart({ index: worker, thread }: PoolWorker): void {
    if (!channels.workerStarted.hasSubscribers) return;
    const threadId = thread?.threadId ?? -1;
    channels.workerStarted.publish({ pool: this, worker, threadId });
  }

  #onCrash(worker: PoolWorker, error: LwsPoolError): void {
    worker.keepCounts();
    this.#lose(worker, error);
    if (channels.workerCrashed.hasSubscribers) {
      channels.workerCrashed.publish({ pool: this, worker: worker.index, error });
    }
    this.emit('workerCrashed', error);
  }

  /** Whoever makes the pool hears of it; later it is tried again, and those who wait for it wait. */
  #onShortage({ index }: PoolWorker, error: LwsPoolError): void {
    if (this.#starting) {
      void this.destroy(error);
      return;
    }
    const { message, details } = error;
    const { errno } = details;
    this.#warnings.report({
      code: 'WORKER_NOT_STARTED',
      message,
      worker: index,
      details: { errno },
    });
  }

  #onUnresponsive(worker: PoolWorker): void {
    if (!channels.workerUnresponsive.hasSubscribers) return;
    const { silentFor } = worker.pulse;
    channels.workerUnresponsive.publish({ pool: this, worker: worker.index, silentFor });
  }

  /** What waited for a worker, and its part of every group, ends with the worker. */
  #lose(worker: PoolWorker, error: LwsPoolError): void {
    worker.alive = false;
    for (const [key, settle] of this.#handling) {
      if (!key.endsWith(`@${worker.index}`)) continue;
      this.#handling.delete(key);
      settle(error);
    }
    for (const group of this.#groups.values()) {
      group.onWorkerLost(worker, error);
      this.#forget(group);
    }
  }
}

interface CachedEndpoint {
  readonly options: ResolvedConnectOptions;
  readonly key: string;
  readonly endpoint: NativeEndpoint;
}

/** The modules of the BIOs that a connection will have. */
function bioModules(
  { secure }: ConnectionUrl,
  { bios }: ResolvedConnectOptions,
): readonly string[] {
  if (!secure) return [];
  return bios.filter(({ type }) => type === 'custom').map(({ module }) => module as string);
}

function handlingKey(group: number, worker: PoolWorker): string {
  return `${group}@${worker.index}`;
}

/** What createPool() alone has. */
const MAKER = Symbol('createPool');

/**
 * Starts a pool.
 *
 * @returns the pool, once all its workers have started
 * @throws LwsPoolError ERR_INVALID_OPTION, ERR_INVALID_HEADER, ERR_KEYLOG; ERR_URING_UNAVAILABLE where
 *   `poller` is `'io_uring'` and the kernel refuses; ERR_TOO_MANY_FILES, ERR_WORKER_START where
 *   descriptors, threads or memory are short, so that you may try again; ERR_POOL_FAILED where its
 *   workers cannot start; as a rejection
 */
export async function createPool(options?: PoolOptions): Promise<Pool> {
  const resolved = parsePoolOptions(options);
  if (resolved.poller === 'io_uring') checkUring();
  checkKeylog(resolved.connect.tls);
  return await Pool.start(resolved);
}

function checkUring(): void {
  const reason = native.uringRefusal();
  if (reason === undefined) return;
  const errno = descriptorShortage(new Error(reason));
  if (errno === undefined) throw createError('ERR_URING_UNAVAILABLE', { reason });
  throw createError('ERR_TOO_MANY_FILES', { operation: 'make a ring of io_uring', errno });
}

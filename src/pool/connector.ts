import { onAbort } from '../base/abort.js';
import { givenUpWithPool } from '../channel/failure.js';
import { monotonicNow } from '../channel/figures.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionUrl } from '../connection/url.js';
import type { NativeEndpoint } from '../native.js';
import type { ConnectObservation } from '../observe/observer.js';
import type { ResolvedConnectOptions } from '../options/options.js';
import type { PlacementPolicy } from '../options/placement.js';
import { createEndpoint, endpointOptions } from './endpoint.js';
import type { Lifetime } from './lifetime.js';
import type { ModuleLoader } from './loader.js';
import { errorContext, type Request } from './opening.js';
import { createPlacement, type Placement } from './placement.js';
import { addressesOf } from './resolve.js';
import { trustOf } from './tls-context.js';
import type { Trust } from './trust.js';
import { aborted } from './waits.js';
import type { PoolWorker } from './worker.js';
import type { Workers } from './workers.js';

interface CachedEndpoint {
  readonly options: ResolvedConnectOptions;
  readonly addresses: string;
  readonly trust: Trust | undefined;
  readonly endpoint: NativeEndpoint;
}

/** Opens single connections: addresses, a worker, its modules, and the request to it. */
export class Connector {
  readonly #lifetime: Lifetime;
  readonly #workers: Workers;
  readonly #loader: ModuleLoader;
  readonly #placement: Placement;
  readonly #endpoints = new WeakMap<ConnectionUrl, CachedEndpoint>();
  /** Of endpoints, at taking local addresses. */
  #turn = 0;
  #resolving = 0;

  constructor(
    lifetime: Lifetime,
    workers: Workers,
    loader: ModuleLoader,
    placement: PlacementPolicy,
  ) {
    this.#lifetime = lifetime;
    this.#workers = workers;
    this.#loader = loader;
    this.#placement = createPlacement(placement);
  }

  /** Connections whose names are being looked up: counted before a worker knows of them. */
  get resolving(): number {
    return this.#resolving;
  }

  /** @param requested when `connect()` was called; of monotonicNow() */
  async connect(
    url: ConnectionUrl,
    options: ResolvedConnectOptions,
    requested: number,
    observation: ConnectObservation | undefined,
  ): Promise<Connection> {
    let endpoint: NativeEndpoint;
    let worker: PoolWorker;
    this.#resolving++;
    try {
      endpoint = await this.#endpoint(url, options);
      observation?.resolved?.();
      worker = await this.#place(url, options);
    } finally {
      this.#resolving--;
      this.#lifetime.onSlotFreed();
    }
    let connection: Promise<Connection> | undefined;
    try {
      const times = { requested, resolved: monotonicNow() };
      const group = await this.#prepare(worker, url, options);
      this.#lifetime.checkOpen();
      if (options.signal?.aborted) throw aborted(url, options.signal);
      connection = this.#begin(worker, endpoint, url, options, { group, ...times });
    } finally {
      if (connection === undefined) {
        worker.addConnections(-1);
        this.#lifetime.onSlotFreed();
      }
    }
    return await connection;
  }

  /** Endpoints are made anew only where something of them has changed since the last time. */
  async #endpoint(url: ConnectionUrl, options: ResolvedConnectOptions): Promise<NativeEndpoint> {
    const found = await addressesOf(url, options, this.#lifetime.waits);
    const known = this.#endpoints.get(url);
    const addresses = found.join();
    // Node's default may be another one by now.
    const trust = url.secure ? trustOf(options.tls) : undefined;
    if (
      known !== undefined &&
      known.options === options &&
      known.addresses === addresses &&
      known.trust === trust
    ) {
      return known.endpoint;
    }
    // Each endpoint begins with the next of its local addresses, as each connection of one does.
    const { localAddress } = options;
    const first = this.#turn++ % (localAddress.length || 1);
    const endpoint = createEndpoint({
      ...endpointOptions(url, options, found),
      localAddresses: [...localAddress.slice(first), ...localAddress.slice(0, first)],
    });
    this.#endpoints.set(url, { options, addresses, trust, endpoint });
    return endpoint;
  }

  /**
   * The worker for a connection, which is counted there at once: where the next one goes depends on
   * it. Waits while all of them are being replaced, or do not answer.
   */
  async #place(
    url: ConnectionUrl,
    { timeout, signal }: ResolvedConnectOptions,
  ): Promise<PoolWorker> {
    let until: number | undefined;
    for (;;) {
      this.#lifetime.checkOpen();
      const index = this.#placement(this.#workers.placeable);
      const worker = index === undefined ? undefined : this.#workers.all[index];
      if (worker !== undefined) {
        worker.addConnections(1);
        return worker;
      }
      const now = performance.now();
      until ??= now + timeout;
      const terms = { url, timeout: Math.max(0, until - now), signal, phase: 'worker' };
      await this.#lifetime.waits.until(this.#workers.untilAvailable(), terms);
    }
  }

  /** Has a worker load what a connection needs there; returns the number of its handler's group. */
  async #prepare(
    worker: PoolWorker,
    url: ConnectionUrl,
    options: ResolvedConnectOptions,
  ): Promise<number> {
    const { handler, data, highWaterMark, timeout, signal } = options;
    const { waits } = this.#lifetime;
    if (options.bios.length > 0) await this.#loader.loadBios([worker], url, options, waits);
    if (handler === undefined) return 0;
    const spec = { handler, data, highWaterMark, known: errorContext(url) };
    const loading = this.#loader.loadHandler(worker, spec);
    const late = () => ({ worker: worker.index, handler });
    return await waits.until(loading, { url, timeout, signal, phase: 'handler', late });
  }

  #begin(
    worker: PoolWorker,
    endpoint: NativeEndpoint,
    url: ConnectionUrl,
    options: ResolvedConnectOptions,
    more: Pick<Request, 'group' | 'requested' | 'resolved'>,
  ): Promise<Connection> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      let ignoreAbort: (() => void) | undefined;
      const giveUp = worker.connect(endpoint, {
        url: url.url,
        host: url.host,
        port: url.port,
        kind: url.kind,
        highWaterMark: options.highWaterMark,
        timeout: options.timeout,
        closeTimeout: options.closeTimeout,
        ...more,
        resolve(connection) {
          ignoreAbort?.();
          if (!signal?.aborted) return resolve(connection);
          // It stood already when the worker was told to give it up.
          connection.terminate();
          reject(aborted(url, signal));
        },
        reject(error) {
          ignoreAbort?.();
          if (error.code !== 'ERR_ABORTED') reject(error);
          else if (signal?.aborted) reject(aborted(url, signal));
          // Given up by close().
          else reject(givenUpWithPool(error));
        },
      });
      if (signal !== undefined) ignoreAbort = onAbort(signal, giveUp);
    });
  }
}

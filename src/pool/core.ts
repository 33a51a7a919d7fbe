import type { EventEmitter } from 'node:events';
import type { Connection } from '../connection/connection.js';
import type { ConnectionUrl } from '../connection/url.js';
import { createError, fromPlain, type LwsPoolError } from '../errors/errors.js';
import { leaseTrouble } from '../health/lease-trouble.js';
import { Warnings } from '../health/warnings.js';
import { TroubleWatch } from '../health/watch.js';
import { Observers } from '../observe/observers.js';
import { MainFigures } from '../observe/stats/main-figures.js';
import { type PoolStats, poolStats, type WorkerSnapshot } from '../observe/stats/pool.js';
import type {
  ResolvedConnectManyOptions,
  ResolvedConnectOptions,
  ResolvedPoolOptions,
} from '../options/options.js';
import type { FromWorker } from '../workers/control.js';
import { connectTiming } from './connect-timing.js';
import { Connector } from './connector.js';
import type { PoolEvents } from './events.js';
import type { ConnectionGroup } from './group.js';
import { Groups } from './groups.js';
import { Lifetime } from './lifetime.js';
import { ModuleLoader } from './loader.js';
import { PoolMonitor } from './monitor.js';
import { Publisher } from './publisher.js';
import { checkKeylog } from './tls-context.js';
import type { PoolWorker } from './worker.js';
import { Workers } from './workers.js';

/** The parts of a pool, and what each is told of the others. {@link Pool} is what users see of it. */
export class PoolCore {
  readonly options: ResolvedPoolOptions;
  readonly lifetime: Lifetime;
  readonly monitor: PoolMonitor;
  readonly #events: EventEmitter<PoolEvents>;
  readonly #figures: MainFigures;
  readonly #observers = new Observers();
  readonly #warnings: Warnings;
  readonly #workers: Workers;
  readonly #loader = new ModuleLoader();
  readonly #connector: Connector;
  readonly #groups: Groups;
  readonly #watch: TroubleWatch | undefined;
  /** It is being made, and its maker hears of what goes wrong. */
  #starting = true;

  /** @param events the pool, which emits them and is named in messages */
  constructor(options: ResolvedPoolOptions, events: EventEmitter<PoolEvents>) {
    this.options = options;
    this.#events = events;
    this.#figures = new MainFigures(options.threads);
    this.#warnings = this.#makeWarnings();
    this.#observers.add(this.#figures, new Publisher(events), {
      leaseReported: (report) =>
        this.#warnings.report(leaseTrouble(report), `${report.connection} ${report.token}`),
    });
    if (options.userTiming) this.#observers.add(connectTiming);
    this.#workers = this.#startWorkers();
    this.lifetime = this.#makeLifetime();
    const parts = [this.lifetime, this.#workers, this.#loader] as const;
    this.#connector = new Connector(...parts, options.placement);
    this.#groups = new Groups(...parts, this.#figures);
    this.monitor = this.#makeMonitor();
    if (options.warnings !== undefined) {
      this.#watch = new TroubleWatch(
        options.warnings,
        () => this.#workers.all,
        (trouble) => this.#warnings.report(trouble),
      );
      this.#watch.start();
    }
  }

  /** Resolves once all workers are there; rejects where the pool could not be made. */
  async start(): Promise<void> {
    await this.lifetime.during(this.#workers.untilAllAlive());
    this.#starting = false;
    if (this.lifetime.reason !== undefined) throw this.lifetime.reason;
  }

  /** Number of connections, open and opening, those of groups included. */
  get size(): number {
    const { resolving } = this.#connector;
    return this.#workers.all.reduce((sum, { connections }) => sum + connections, resolving);
  }

  async connect(
    url: ConnectionUrl,
    options: ResolvedConnectOptions,
    requested: number,
  ): Promise<Connection> {
    this.#admit(1, url, options);
    const observation = this.#observers.connecting(url);
    try {
      const opening = this.#connector.connect(url, options, requested, observation);
      const connection = await this.lifetime.during(opening);
      observation?.opened?.(connection);
      return connection;
    } catch (error) {
      observation?.failed?.(error as LwsPoolError);
      throw error;
    }
  }

  connectMany(url: ConnectionUrl, options: ResolvedConnectManyOptions): Promise<ConnectionGroup> {
    const checkRoom = () => this.#checkRoom(options.count);
    this.#admit(options.count, url, options);
    return this.lifetime.during(this.#groups.connect(url, options, checkRoom));
  }

  /** @throws LwsPoolError ERR_STATS_OFF */
  stats(): PoolStats {
    const snapshots = this.#workers.all.map(({ figures }) => figures.snapshot());
    if (snapshots.includes(undefined)) throw createError('ERR_STATS_OFF');
    return poolStats(snapshots as WorkerSnapshot[]);
  }

  /** Throws where connections with these options cannot be opened. */
  #admit(
    count: number,
    { secure }: ConnectionUrl,
    { tls, closeTimeout }: ResolvedConnectOptions,
  ): void {
    this.#checkRoom(count);
    if (secure) checkKeylog(tls);
    this.lifetime.allowClosing(closeTimeout);
  }

  #checkRoom(count: number): void {
    this.lifetime.checkOpen();
    const limit = this.options.maxConnections;
    if (this.size + count > limit) throw createError('ERR_TOO_MANY_CONNECTIONS', { limit });
  }

  // --- its parts ------------------------------------------------------------------------------------

  #makeWarnings(): Warnings {
    const events = this.#events;
    const observers = this.#observers;
    return new Warnings({
      get listens() {
        return events.listenerCount('warning') > 0;
      },
      tell(warning) {
        observers.warned(warning);
        events.emit('warning', warning);
      },
    });
  }

  #startWorkers(): Workers {
    return new Workers(
      { options: this.options, figures: this.#figures, observers: this.#observers },
      {
        onMessage: (worker, message) => this.#onMessage(worker, message),
        onSlotFreed: () => this.lifetime.onSlotFreed(),
        onTrouble: (trouble) => this.#warnings.report(trouble),
        onStart: ({ index, thread }) =>
          this.#observers.workerStarted(index, thread?.threadId ?? -1),
        onCrash: (worker, error) => this.#onCrash(worker, error),
        onUnstarted: (worker, error) => this.#onUnstarted(worker, error),
        onUnresponsive: ({ index, pulse }) =>
          this.#observers.workerUnresponsive(index, pulse.silentFor),
        onSilent: (worker) => {
          worker.settleOverdue();
          this.#groups.settleOverdue(worker);
        },
        onFailure: (error) => void this.lifetime.destroy(error),
      },
    );
  }

  #makeLifetime(): Lifetime {
    return new Lifetime({
      workers: this.#workers,
      size: () => this.size,
      closeConnections: () => {
        for (const { slots, outbox } of this.#workers.all) {
          slots.abandonOpening();
          for (const connection of slots.connections()) void connection.close(1001);
          outbox.flush();
        }
        this.#groups.onPoolClosing();
      },
      destroy: (reason) => {
        this.#watch?.stop();
        for (const worker of this.#workers.all) this.#lose(worker, reason);
        const ended = this.#workers.destroy(reason);
        this.monitor.end();
        return ended;
      },
    });
  }

  #makeMonitor(): PoolMonitor {
    return new PoolMonitor({
      options: this.options,
      figures: this.#figures,
      observers: this.#observers,
      workers: this.#workers,
      stats: () => this.stats(),
      groupUrl: (group) => this.#groups.urlOf(group),
      checkOpen: () => this.lifetime.checkOpen(),
      during: (work) => this.lifetime.during(work),
    });
  }

  // --- what its workers say -------------------------------------------------------------------------

  #onMessage(worker: PoolWorker, message: FromWorker): void {
    switch (message.type) {
      case 'handling': {
        const error = message.error && (fromPlain(message.error) as LwsPoolError);
        this.#groups.onHandling(worker, message.group, error);
        this.#loader.onAnswer(worker, message.group, error);
        break;
      }
      case 'report':
        this.#groups.onReport(worker, message.group, message.report);
        break;
      case 'threw':
        this.#events.emit('handlerFailed', fromPlain(message.error) as LwsPoolError);
        break;
      case 'post':
        this.#groups.onPost(worker, message.group, message.value);
        break;
      case 'lease':
        this.#observers.leaseReported(message.report);
        break;
      case 'sampled':
        worker.onSampled();
        break;
      case 'warning':
        this.#warnings.report(message.trouble);
        break;
    }
  }

  #onCrash(worker: PoolWorker, error: LwsPoolError): void {
    worker.figures.retire();
    this.#lose(worker, error);
    this.#observers.workerCrashed(worker.index, error);
    this.#events.emit('workerCrashed', error);
  }

  /** The maker of the pool hears of it; later it is tried again, and what waits for it goes on waiting. */
  #onUnstarted({ index }: PoolWorker, error: LwsPoolError): void {
    if (this.#starting) {
      void this.lifetime.destroy(error);
      return;
    }
    const { message, details } = error;
    const { errno } = details;
    const code = 'WORKER_NOT_STARTED';
    this.#warnings.report({ code, message, worker: index, details: { errno } });
  }

  /** What waited for a worker, and its part of every group, ends with the worker. */
  #lose(worker: PoolWorker, error: LwsPoolError): void {
    worker.alive = false;
    this.#loader.onWorkerLost(worker, error);
    this.#groups.onWorkerLost(worker, error);
  }
}

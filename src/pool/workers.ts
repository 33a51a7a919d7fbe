import type { OwnerFigures } from '../stats/owner.js';
import type { FromWorker } from '../workers/control.js';
import { createError, type LwsPoolError } from './errors.js';
import type { LeaseReport } from './lease/leaks.js';
import type { ResolvedPoolOptions } from './options.js';
import { Threads } from './piscina.js';
import type { Trouble } from './trouble/warning.js';
import { PoolWorker, type WorkerEvents } from './worker.js';

/** A worker that lived this long is not one of those that crash again and again. Milliseconds. */
const LIVED = 10_000;
/** Crashes in a row after which the pool gives up. */
const MOST_CRASHES = 6;
/** Wait before the second, third, … start in a row. Milliseconds. */
const backoff = (crashes: number) => Math.min(100 * 2 ** (crashes - 2), 5_000);

export interface WorkersEvents {
  onMessage(worker: PoolWorker, message: FromWorker): void;
  onRoom(): void;
  onLease(report: LeaseReport): void;
  onTrouble(trouble: Trouble): void;
  /** A worker is there. */
  onStart(worker: PoolWorker): void;
  /** A worker is gone, and with it all its connections. */
  onCrash(worker: PoolWorker, error: LwsPoolError): void;
  /** They crash again and again. */
  onFailure(error: LwsPoolError): void;
}

/** The workers of a pool: started, watched, replaced when they crash. */
export class Workers {
  readonly all: PoolWorker[];
  readonly #threads: Threads;
  readonly #options: ResolvedPoolOptions;
  readonly #figures: OwnerFigures;
  readonly #events: WorkersEvents;
  readonly #running: Promise<void>[] = [];
  #stopping = false;
  #waiting: (() => void)[] = [];

  constructor(options: ResolvedPoolOptions, figures: OwnerFigures, events: WorkersEvents) {
    this.#options = options;
    this.#figures = figures;
    this.#events = events;
    this.#threads = new Threads(options.threads);
    this.all = Array.from({ length: options.threads }, (_, index) => this.#create(index));
    for (const worker of this.all) this.#running.push(this.#keepRunning(worker.index));
  }

  /** Resolves once one is alive, or none will be any more. */
  untilAlive(): Promise<void> {
    return this.#until(() => this.all.some(({ alive }) => alive));
  }

  /** Resolves once all are alive, or the pool has given up. */
  untilAllAlive(): Promise<void> {
    return this.#until(() => this.all.every(({ alive }) => alive));
  }

  /** Lets each close what it has. The threads are still there, see destroy(). */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    const stopped = this.all.map((worker, index) => {
      if (!worker.alive) return undefined;
      worker.post({ type: 'stop' });
      return this.#running[index];
    });
    await Promise.all(stopped);
  }

  /** Ends the threads at once. */
  async destroy(error: LwsPoolError): Promise<void> {
    this.#stopping = true;
    this.#wake();
    for (const worker of this.all) worker.end(error);
    await this.#threads.destroy();
  }

  #create(index: number): PoolWorker {
    const events: WorkerEvents = {
      onRoom: () => this.#events.onRoom(),
      onLease: (report) => this.#events.onLease(report),
      onTrouble: (trouble) => this.#events.onTrouble(trouble),
      onMessage: (worker, message) => {
        if (message.type === 'started') {
          worker.alive = true;
          worker.thread = this.#threads.find(message.thread);
          this.#threads.unref();
          this.#wake();
          this.#events.onStart(worker);
        } else {
          this.#events.onMessage(worker, message);
        }
      },
    };
    return new PoolWorker(index, this.#options, this.#figures, events);
  }

  async #keepRunning(index: number): Promise<void> {
    for (let crashes = 0; ; ) {
      const worker = this.all[index] as PoolWorker;
      const started = performance.now();
      const cause = await this.#threads.run(worker.task(this.#options)).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (this.#stopping) {
        worker.alive = false;
        return;
      }
      crashes = performance.now() - started < LIVED ? crashes + 1 : 1;
      const reason = cause instanceof Error ? cause.message : 'it ended by itself';
      const error = createError('ERR_WORKER_CRASHED', { worker: index, reason }, { cause });
      this.all[index] = this.#create(index);
      this.#events.onCrash(worker, error);
      worker.end(error);
      if (crashes >= MOST_CRASHES) {
        const failure = createError('ERR_POOL_FAILED', { crashes, reason }, { cause: error });
        this.#events.onFailure(failure);
        return;
      }
      // Whoever waits for the worker keeps the process alive, see KeepAlive.
      if (crashes > 1) {
        await new Promise((resolve) => setTimeout(resolve, backoff(crashes)).unref());
      }
      if (this.#stopping) return;
    }
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!this.#stopping && !holds()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

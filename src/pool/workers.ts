import { createError, type ErrorDetails, LwsPoolError } from '../errors/errors.js';
import { betweenLooks } from '../health/blocked-stack.js';
import type { Trouble } from '../health/warning.js';
import { Watchdog } from '../health/watchdog.js';
import type { ResolvedPoolOptions } from '../options/options.js';
import type { PlacementWorker } from '../options/placement.js';
import type { FromWorker } from '../workers/control.js';
import { Thread } from './piscina.js';
import { startFailure } from './start-failure.js';
import { PoolWorker, type WorkerContext, type WorkerEvents } from './worker.js';

/** A worker that lived this long is not one of those that crash again and again. Milliseconds. */
const LIVED = 10_000;
/** Crashes in a row after which the pool gives up. */
const MOST_CRASHES = 6;
/** Wait before the second, third, … start in a row. Milliseconds. */
const backoff = (failures: number) => Math.min(100 * 2 ** (failures - 2), 5_000);
/** For threads to end: one that waits in a system call ends when that does. Milliseconds. */
const PATIENCE = 5_000;

export interface WorkersEvents {
  onMessage(worker: PoolWorker, message: FromWorker): void;
  onSlotFreed(): void;
  onTrouble(trouble: Trouble): void;
  /** A worker is there. */
  onStart(worker: PoolWorker): void;
  /** A worker is gone, and with it all its connections. */
  onCrash(worker: PoolWorker, error: LwsPoolError): void;
  /** One could not be started, see startFailure(). It is tried again. */
  onUnstarted(worker: PoolWorker, error: LwsPoolError): void;
  /** One does not answer any more. */
  onUnresponsive(worker: PoolWorker): void;
  /** It does still not: what callers wait for is looked through. Twice a second. */
  onSilent(worker: PoolWorker): void;
  /** They crash again and again. */
  onFailure(error: LwsPoolError): void;
}

/** The workers of a pool: started, watched, replaced when they crash or hang. */
export class Workers {
  readonly all: PoolWorker[];
  readonly #options: ResolvedPoolOptions;
  readonly #context: WorkerContext;
  readonly #events: WorkersEvents;
  readonly #running: Promise<void>[] = [];
  /** By index: the last one. */
  readonly #threads: Thread[] = [];
  /** Ended, or about to: those whose exit has not been seen. */
  readonly #ending = new Set<Promise<void>>();
  readonly #watchdog: Watchdog<PoolWorker>;
  /** Whether there is one that does not answer. */
  #someLost = false;
  #stopping = false;
  #waiting: (() => void)[] = [];

  constructor(context: WorkerContext, events: WorkersEvents) {
    const { options } = context;
    this.#context = context;
    this.#options = options;
    this.#events = events;
    this.all = Array.from({ length: options.threads }, (_, index) => this.#create(index));
    for (const worker of this.all) this.#running.push(this.#keepRunning(worker.index));
    this.#watchdog = new Watchdog(options.workerTimeout, () => this.all, {
      onChange: (worker) => this.#onChange(worker),
      onSilent: (worker) => this.#events.onSilent(worker),
      onLost: (worker) => void this.#giveUp(worker),
    });
    this.#watchdog.start();
  }

  /** As placement sees them: one that does not answer takes no more connections than a dead one. */
  get placeable(): readonly PlacementWorker[] {
    if (!this.#someLost) return this.all;
    return this.all.map(({ index, connections, available }) => {
      return { index, connections, alive: available };
    });
  }

  /** Resolves once there is one that answers, or none will be any more. */
  untilAvailable(): Promise<void> {
    return this.#until(() => this.all.some(({ available }) => available));
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

  /** Ends the threads at once, and waits for them; for one that cannot be ended, not for ever. */
  async destroy(error: LwsPoolError): Promise<void> {
    this.#stopping = true;
    this.#watchdog.stop();
    this.#wake();
    for (const worker of this.all) worker.end(error);
    const ended = betweenLooks(() => {
      for (const thread of this.#threads) this.#end(thread, error);
      return Promise.all(this.#ending);
    });
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, PATIENCE);
    });
    await Promise.race([ended, patience]);
    clearTimeout(timer);
    if (this.#ending.size > 0) this.#events.onTrouble(stuck(this.#ending.size));
  }

  #create(index: number): PoolWorker {
    const events: WorkerEvents = {
      onSlotFreed: () => this.#events.onSlotFreed(),
      onTrouble: (trouble) => this.#events.onTrouble(trouble),
      onMessage: (worker, message) => this.#onMessage(worker, message),
    };
    return new PoolWorker(index, this.#context, events);
  }

  #onMessage(worker: PoolWorker, message: FromWorker): void {
    const thread = this.#threads[worker.index];
    switch (message.type) {
      case 'started':
        worker.alive = true;
        worker.thread = thread?.worker;
        thread?.unref();
        this.#wake();
        this.#events.onStart(worker);
        break;
      case 'unstarted':
        // What a thread could not import it never can: Node.js remembers.
        if (thread !== undefined) this.#end(thread, startError(message));
        break;
      default:
        this.#events.onMessage(worker, message);
    }
  }

  async #keepRunning(index: number): Promise<void> {
    for (let failures = 0, crashes = 0; !this.#stopping; ) {
      const worker = this.all[index] as PoolWorker;
      const thread = new Thread();
      this.#threads[index] = thread;
      const started = performance.now();
      const cause = await thread.run(worker.task(this.#options)).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (this.#stopping) {
        worker.alive = false;
        return;
      }
      this.#end(thread, cause);
      const lived = performance.now() - started >= LIVED;
      failures = lived ? 1 : failures + 1;
      this.all[index] = this.#create(index);
      const unstarted = worker.thread === undefined ? startFailure(cause, thread.made) : undefined;
      if (unstarted === undefined) {
        crashes = lived ? 1 : crashes + 1;
        if (!this.#onCrash(worker, crashes, cause)) return;
      } else {
        this.#onUnstarted(worker, unstarted, cause);
      }
      // Whoever waits for the worker keeps the process alive, see KeepAlive.
      if (failures > 1 || unstarted !== undefined) {
        const wait = backoff(Math.max(2, failures));
        await new Promise((resolve) => setTimeout(resolve, wait).unref());
      }
    }
  }

  /** @returns false where the pool has failed with it */
  #onCrash(worker: PoolWorker, crashes: number, cause: unknown): boolean {
    const reason = reasonOf(cause);
    const details = { worker: worker.index, reason };
    const error = createError('ERR_WORKER_CRASHED', details, { cause });
    this.#events.onCrash(worker, error);
    worker.end(error);
    this.#notePulses();
    if (crashes < MOST_CRASHES) return true;
    this.#events.onFailure(createError('ERR_POOL_FAILED', { crashes, reason }, { cause: error }));
    return false;
  }

  /** Nobody has had it yet, and it is nobody's fault: it does not count as a crash. */
  #onUnstarted(worker: PoolWorker, why: ErrorDetails, cause: unknown): void {
    const error = createError('ERR_WORKER_START', { worker: worker.index, ...why }, { cause });
    worker.end(error);
    this.#events.onUnstarted(worker, error);
  }

  #onChange(worker: PoolWorker): void {
    this.#notePulses();
    if (worker.available) this.#wake();
    else this.#events.onUnresponsive(worker);
  }

  #notePulses(): void {
    this.#someLost = this.all.some(({ alive, available }) => alive && !available);
  }

  /** It has had its time. */
  #giveUp(worker: PoolWorker): Promise<void> {
    return betweenLooks(async () => {
      const thread = this.#threads[worker.index];
      if (thread === undefined || this.all[worker.index] !== worker || worker.available) return;
      const timeout = this.#options.workerTimeout;
      this.#end(thread, createError('ERR_WORKER_UNRESPONSIVE', { worker: worker.index, timeout }));
    });
  }

  #end(thread: Thread, error: unknown): void {
    const ended = thread.end(error);
    this.#ending.add(ended);
    void ended.then(() => this.#ending.delete(ended));
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

function reasonOf(cause: unknown): string {
  if (cause instanceof LwsPoolError && cause.code === 'ERR_WORKER_UNRESPONSIVE') {
    return `it did not answer for ${cause.details.timeout} ms`;
  }
  return cause instanceof Error ? cause.message : 'it ended by itself';
}

function startError({ message, code }: { message: string; code: string | undefined }): Error {
  const error = new Error(message);
  return code === undefined ? error : Object.assign(error, { code });
}

function stuck(threads: number): Trouble {
  return {
    code: 'WORKER_STUCK',
    message: `The pool is destroyed, but ${threads} of its threads cannot be ended: they wait in system calls, and the process cannot exit before they return. Handlers must not call what waits, such as execSync().`,
    details: { threads },
  };
}

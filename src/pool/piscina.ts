import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ServiceTask } from '../workers/control.js';
import { POOL_WORKER } from '../workers/starting.js';

/**
 * Relied on of Piscina beyond its documentation, here and nowhere else; test/unit/piscina.test.ts fails
 * where a new version changes it:
 * - `workerCreate` is emitted with an object that has Piscina's own record of the worker under a symbol;
 *   `unref()` of that record gives back the reference that a running task holds;
 * - `threads` has the worker as soon as `run()` has returned;
 * - a thread that dies rejects the task that it runs; `destroy()` ends it, and rejects a task that it
 *   does not run yet as well;
 * - where no thread can be made, `run()` throws what `new Worker` threw, and keeps the task, whose promise
 *   nobody has: `destroy()` would reject it, and end the process.
 */
interface WorkerRecord {
  unref(): void;
}

/** @param worker what `workerCreate` was emitted with */
export function recordOf(worker: object): WorkerRecord | undefined {
  const symbol = Object.getOwnPropertySymbols(worker).find(
    ({ description }) => description === 'Piscina.kWorkerData',
  );
  return symbol && (worker as Record<symbol, WorkerRecord>)[symbol];
}

function noop(): void {
  // Said where it is used.
}

/**
 * One life of a thread, with the one task that lasts as long. Each has a Piscina of its own: in one
 * of several threads, what fails while it starts cannot be told from the others, and its task waits in
 * a queue for ever.
 */
export class Thread {
  readonly #piscina: Piscina;
  #made = false;
  #record: WorkerRecord | undefined;
  /** Rejects what `run` has given. */
  #fail: (error: unknown) => void = noop;
  /** Once the thread is gone, also where it never was. */
  #exited: Promise<void> = Promise.resolve();

  constructor() {
    this.#piscina = new Piscina({
      filename: fileURLToPath(new URL('../workers/task.cjs', import.meta.url)),
      // Nothing is started but by run(), and nothing anew.
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // The default waits for tasks in Atomics.wait() and would stop the worker's event loop, and
      // libwebsockets with it.
      atomics: 'disabled',
      // Sockets are closed by libwebsockets; Node would close them a second time.
      trackUnmanagedFds: false,
      workerData: POOL_WORKER,
      recordTiming: false,
    });
    this.#piscina.on('workerCreate', (worker: object) => {
      this.#record = recordOf(worker);
    });
    // It dies before it has its task, or after.
    this.#piscina.on('error', (error: unknown) => this.#fail(error));
  }

  /** Resolves when the task ends, rejects when the thread dies, or cannot be made. */
  run(task: ServiceTask): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      // What cannot be made at once throws, and that rejects.
      const ended = this.#piscina.run(task, { transferList: [task.port] });
      this.#made = true;
      ended.then(resolve, reject);
      const [worker] = this.#piscina.threads;
      if (worker !== undefined) this.#watch(worker);
    });
  }

  /** Whether there is a thread, or was one. */
  get made(): boolean {
    return this.#made;
  }

  get worker(): Worker | undefined {
    return this.#piscina.threads[0];
  }

  /**
   * A task that lasts keeps the process alive, by a reference that Piscina takes when it begins.
   * Whether the process stays is for the connections to say: the reference is given back.
   */
  unref(): void {
    this.#record?.unref();
  }

  /** Ends it at once. `run` rejects with that error; one that has ended is left as it is. */
  end(error: unknown): Promise<void> {
    this.#fail(error);
    if (this.#made) void this.#piscina.destroy();
    return this.#exited;
  }

  #watch(worker: Worker): void {
    this.#exited = new Promise((resolve) => {
      worker.once('exit', (code) => {
        resolve();
        // Piscina says nothing of one that had no task yet. Of another it knows more, and says it first.
        setImmediate(() => this.#fail(new Error(`worker exited with code: ${code}`)));
      });
    });
  }
}

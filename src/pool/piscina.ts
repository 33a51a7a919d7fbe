import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ServiceTask } from '../workers/control.js';
import { betweenLooks } from './trouble/blocked-stack.js';

/** What Piscina keeps of a worker; reached through the object it hands to load balancers. */
interface WorkerInfo {
  readonly worker: Worker;
  unref(): void;
}

function infoOf(worker: object): WorkerInfo | undefined {
  const symbol = Object.getOwnPropertySymbols(worker).find(
    ({ description }) => description === 'Piscina.kWorkerData',
  );
  return symbol && (worker as Record<symbol, WorkerInfo>)[symbol];
}

function noop(): void {
  // Said where it is used.
}

/** The threads of a pool: one lasting task on each, as long as the pool lives. */
export class Threads {
  readonly #piscina: Piscina;
  readonly #workers = new Set<WorkerInfo>();
  /** Of every thread that has not ended yet, also of those that Piscina has given up. */
  readonly #exits = new Set<Promise<void>>();

  constructor(count: number) {
    this.#piscina = new Piscina({
      filename: fileURLToPath(new URL('../workers/task.cjs', import.meta.url)),
      minThreads: count,
      maxThreads: count,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // The default waits for tasks in Atomics.wait() and would stop the worker's event loop, and
      // libwebsockets with it.
      atomics: 'disabled',
      // Sockets are closed by libwebsockets; Node would close them a second time.
      trackUnmanagedFds: false,
    });
    this.#piscina.on('workerCreate', (worker: object) => this.#watch(infoOf(worker)));
    // A worker that dies rejects its task as well, and there it is dealt with.
    this.#piscina.on('error', noop);
  }

  /** Resolves when the task ends, rejects when its worker dies. */
  async run(task: ServiceTask): Promise<void> {
    await this.#piscina.run(task, { transferList: [task.port] });
  }

  /**
   * A task that lasts keeps the process alive, by a reference that Piscina takes when it begins.
   * Whether the process stays is for the connections to say: the reference is given back.
   */
  unref(): void {
    for (const worker of this.#workers) worker.unref();
  }

  /** By its `threadId`. */
  find(thread: number): Worker | undefined {
    return this.#piscina.threads.find(({ threadId }) => threadId === thread);
  }

  #watch(info: WorkerInfo | undefined): void {
    if (info === undefined) return;
    this.#workers.add(info);
    const exit = new Promise<void>((resolve) => info.worker.once('exit', () => resolve()));
    this.#exits.add(exit);
    void exit.then(() => {
      this.#workers.delete(info);
      this.#exits.delete(exit);
    });
  }

  /** Ends the threads at once. */
  async destroy(): Promise<void> {
    // Piscina waits for the threads it still counts. One that crashed a moment ago is none of them,
    // and when it has ended, Piscina would replace it, also after it was destroyed itself.
    (this.#piscina.options as { minThreads: number }).minThreads = 0;
    await betweenLooks(() => Promise.all([this.#piscina.destroy(), ...this.#exits]));
  }
}

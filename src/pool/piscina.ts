import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { ServiceTask } from '../workers/control.js';

/** What Piscina keeps of a worker; reached through the object it hands to load balancers. */
interface WorkerInfo {
  unref(): void;
}

function noop(): void {
  // Said where it is used.
}

/** The threads of a pool: one lasting task on each, as long as the pool lives. */
export class Threads {
  readonly #piscina: Piscina;
  readonly #workers = new Set<object>();

  constructor(count: number) {
    this.#piscina = new Piscina({
      filename: fileURLToPath(new URL('../workers/task.js', import.meta.url)),
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
    this.#piscina.on('workerCreate', (worker: object) => this.#workers.add(worker));
    this.#piscina.on('workerDestroy', (worker: object) => this.#workers.delete(worker));
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
    for (const worker of this.#workers) {
      for (const symbol of Object.getOwnPropertySymbols(worker)) {
        if (symbol.description !== 'Piscina.kWorkerData') continue;
        (worker as Record<symbol, WorkerInfo>)[symbol]?.unref();
      }
    }
  }

  /** Ends the threads at once. */
  async destroy(): Promise<void> {
    await this.#piscina.destroy();
  }
}

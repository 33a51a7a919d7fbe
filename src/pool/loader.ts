import type { LwsPoolError } from '../errors/errors.js';
import type { HandlerSpec } from '../workers/control.js';
import type { PoolWorker } from './worker.js';

type Settle = (error: LwsPoolError | undefined) => void;

/** Has workers load the modules of handlers and of BIOs, and waits for their answers. */
export class ModuleLoader {
  #lastGroup = 0;
  /** By worker, and by the number that the answer will name. */
  readonly #loading = new Map<PoolWorker, Map<number, Settle>>();

  /** A number for a group of connections with a handler of its own. */
  nextGroup(): number {
    return ++this.#lastGroup;
  }

  /** Loads the handler of a single connection; returns the number of its group. */
  async loadHandler(worker: PoolWorker, spec: Omit<HandlerSpec, 'group'>): Promise<number> {
    const group = this.nextGroup();
    const loaded = this.untilLoaded(worker, group);
    worker.post({ type: 'handle', spec: { group, ...spec } });
    await loaded;
    return group;
  }

  loadBios(worker: PoolWorker, modules: readonly string[]): Promise<void> {
    const group = this.nextGroup();
    const loaded = this.untilLoaded(worker, group);
    worker.post({ type: 'bios', group, modules });
    return loaded;
  }

  /** Resolves once the worker has loaded the modules of that number; rejects with its error. */
  untilLoaded(worker: PoolWorker, group: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const loading = this.#loading.get(worker) ?? new Map<number, Settle>();
      this.#loading.set(worker, loading);
      loading.set(group, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  /** The worker has answered. */
  onAnswer(worker: PoolWorker, group: number, error: LwsPoolError | undefined): void {
    const loading = this.#loading.get(worker);
    loading?.get(group)?.(error);
    loading?.delete(group);
  }

  /** The worker is gone, and answers nothing. */
  onWorkerLost(worker: PoolWorker, error: LwsPoolError): void {
    const loading = this.#loading.get(worker);
    this.#loading.delete(worker);
    for (const settle of loading?.values() ?? []) settle(error);
  }
}

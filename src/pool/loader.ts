import type { ConnectionUrl } from '../connection/url.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { ResolvedConnectOptions } from '../options/options.js';
import type { HandlerSpec } from '../workers/control.js';
import { bioModules } from './endpoint.js';
import type { Waits } from './waits.js';
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

  /** Loads what connections with these options need of BIOs, in each of these workers. */
  async loadBios(
    workers: readonly PoolWorker[],
    url: ConnectionUrl,
    options: ResolvedConnectOptions,
    waits: Waits,
  ): Promise<void> {
    const modules = bioModules(url, options);
    if (modules.length === 0) return;
    const { timeout, signal } = options;
    const loading = new Set(workers);
    const loads = workers.map(async (worker) => {
      const group = this.nextGroup();
      const loaded = this.untilLoaded(worker, group);
      worker.post({ type: 'bios', group, modules });
      await loaded;
      loading.delete(worker);
    });
    const late = () => ({ worker: [...loading][0]?.index, bio: modules.join(', ') });
    await waits.until(Promise.all(loads), { url, timeout, signal, phase: 'BIO', late });
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

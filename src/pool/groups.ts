import { onAbort } from '../base/abort.js';
import type { ConnectionUrl } from '../connection/url.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { MainFigures } from '../observe/stats/main-figures.js';
import type { ResolvedConnectManyOptions } from '../options/options.js';
import type { GroupReport } from '../workers/control.js';
import { endpointOptions } from './endpoint.js';
import { type ConnectionGroup, groupOf, groupSettled } from './group.js';
import { GroupMembers } from './group-members.js';
import type { Lifetime } from './lifetime.js';
import type { ModuleLoader } from './loader.js';
import { errorContext } from './opening.js';
import { addressesOf } from './resolve.js';
import type { PoolWorker } from './worker.js';
import type { Workers } from './workers.js';

/** The groups of a pool, each spread over its workers. */
export class Groups {
  readonly #lifetime: Lifetime;
  readonly #workers: Workers;
  readonly #loader: ModuleLoader;
  readonly #figures: MainFigures;
  readonly #all = new Map<number, GroupMembers>();

  constructor(lifetime: Lifetime, workers: Workers, loader: ModuleLoader, figures: MainFigures) {
    this.#lifetime = lifetime;
    this.#workers = workers;
    this.#loader = loader;
    this.#figures = figures;
  }

  /**
   * Opens the connections of a new group.
   *
   * @param checkRoom throws where the pool has no room for them
   */
  async connect(
    url: ConnectionUrl,
    options: ResolvedConnectManyOptions,
    checkRoom: () => void,
  ): Promise<ConnectionGroup> {
    const { handler, signal, timeout, closeTimeout, count, tls } = options;
    const { waits } = this.#lifetime;
    const addresses = await addressesOf(url, options, waits);
    const endpoint = endpointOptions(url, options, addresses);
    const terms = { url, timeout, signal };
    await waits.until(this.#workers.untilAvailable(), { ...terms, phase: 'worker' });
    checkRoom();
    const id = this.#loader.nextGroup();
    const figures = this.#figures;
    const members = new GroupMembers({ id, count, url: url.url, figures, closeTimeout });
    const group = groupOf(members);
    const workers = this.#workers.all.filter(({ available }) => available);
    await this.#loader.loadBios(workers, url, options, waits);
    this.#all.set(id, members);
    const loads = this.#share(members, workers, (count) => ({
      group: id,
      handler,
      data: options.data,
      highWaterMark: options.highWaterMark,
      known: errorContext(url),
      endpoint,
      count,
      rate: options.rate === undefined ? undefined : (options.rate * count) / options.count,
    }));
    const ignore = signal && onAbort(signal, () => members.terminate());
    void members.closed.then(() => {
      ignore?.();
      this.#forget(members);
      // Until here workers find the TLS context by its number: it lives as long as these options.
      void tls;
    });
    try {
      const late = () => ({ worker: members.loading?.index, handler });
      await waits.until(Promise.all(loads), { ...terms, phase: 'handler', late });
    } catch (error) {
      // Nobody has it, and nobody could end it.
      members.giveUp(error as LwsPoolError);
      this.#forget(members);
      this.#lifetime.onSlotFreed();
      throw error;
    }
    setImmediate(() => groupSettled(group));
    return group;
  }

  urlOf(group: number): string | undefined {
    return this.#all.get(group)?.facts.url;
  }

  /** A worker has loaded the handler of a group, or could not. */
  onHandling(worker: PoolWorker, group: number, error: LwsPoolError | undefined): void {
    const members = this.#all.get(group);
    if (error === undefined) members?.onHandling(worker);
    else members?.onWorkerLost(worker, error);
  }

  onReport(worker: PoolWorker, group: number, report: GroupReport): void {
    const members = this.#all.get(group);
    members?.onReport(worker, report);
    if (members !== undefined) this.#forget(members);
    this.#lifetime.onSlotFreed();
  }

  onPost(worker: PoolWorker, group: number, value: unknown): void {
    this.#all.get(group)?.onPost?.(value, worker.index);
  }

  onPoolClosing(): void {
    for (const members of this.#all.values()) members.onPoolClosing();
  }

  /** The worker does not answer: its part of each group is looked through. */
  settleOverdue(worker: PoolWorker): void {
    for (const members of this.#all.values()) members.settleOverdue(worker);
  }

  onWorkerLost(worker: PoolWorker, error: LwsPoolError): void {
    for (const members of this.#all.values()) {
      members.onWorkerLost(worker, error);
      this.#forget(members);
    }
  }

  /** Gives each worker its share; returns what is pending until they have loaded the handler. */
  #share(
    members: GroupMembers,
    workers: readonly PoolWorker[],
    shareOf: (count: number) => Parameters<GroupMembers['begin']>[1],
  ): Promise<void>[] {
    const { id, count } = members.facts;
    const loads: Promise<void>[] = [];
    for (const [index, worker] of workers.entries()) {
      const own = Math.floor(count / workers.length) + (index < count % workers.length ? 1 : 0);
      if (own === 0) continue;
      loads.push(this.#loader.untilLoaded(worker, id));
      members.begin(worker, shareOf(own));
    }
    return loads;
  }

  /** Once no worker has anything of it. */
  #forget(members: GroupMembers): void {
    if (members.isDone) this.#all.delete(members.facts.id);
  }
}

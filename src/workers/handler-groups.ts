import type { ConnectionPlace } from '../connection/core.js';
import type { HandlerConnection } from '../connection/handler-connection.js';
import { kindOf } from '../connection/url.js';
import { createError, toPlain } from '../errors/errors.js';
import { type Heart, whileLoading } from '../health/heartbeat.js';
import { type NativeService, native } from '../native.js';
import { importUserModule } from '../options/user-module.js';
import { cloning } from './cloning.js';
import type { FromWorker, GroupShare, HandlerSpec } from './control.js';
import { factoryOf } from './handler.js';
import { type GroupEnd, HandlerGroup } from './handler-group.js';
import { loadError } from './load-error.js';
import { paced } from './paced.js';

/** Opening ten thousand connections makes some fifty reports, not ten thousand. Milliseconds. */
const REPORT_DELAY = 5;

/** What the groups of a worker have in common. */
export interface GroupsHome {
  readonly native: NativeService;
  readonly heart: Heart;
  /** Of their connections; each group adds its URL. */
  readonly place: Omit<ConnectionPlace, 'url' | 'kind' | 'highWaterMark'>;
  readonly post: (message: FromWorker) => void;
  /** Calls something that sends, so that all of it leaves in one write. */
  readonly during: (run: () => void) => void;
}

/** The handlers of a worker, and what becomes of their connections. */
export class HandlerGroups {
  readonly #home: GroupsHome;
  readonly #groups = new Map<number, HandlerGroup>();
  /** Groups that were closed before their handler was loaded. */
  readonly #closedEarly = new Map<number, GroupEnd>();
  #reportTimer: NodeJS.Timeout | undefined;

  constructor(home: GroupsHome) {
    this.#home = home;
  }

  get(id: number): HandlerGroup | undefined {
    return this.#groups.get(id);
  }

  /** Imports a handler's module and makes its handler. Returns undefined where that fails. */
  async load(spec: HandlerSpec, single: boolean): Promise<HandlerGroup | undefined> {
    const { group, handler } = spec;
    const { heart, post, place } = this.#home;
    try {
      const module = await whileLoading(heart, () => importUserModule(handler));
      const made = this.#make(spec, single, module.default);
      this.#home.native.countMessages(group, made.wantsMessages);
      made.ending = this.#closedEarly.get(group);
      this.#closedEarly.delete(group);
      this.#groups.set(group, made);
      post({ type: 'handling', group });
      return made;
    } catch (cause) {
      this.#closedEarly.delete(group);
      const error = loadError({ handler, worker: place.worker }, cause);
      post({ type: 'handling', group, error: toPlain(error) });
      return undefined;
    }
  }

  /** Loads its handler, and begins its connections. */
  async open(share: GroupShare): Promise<void> {
    const group = await this.load(share, false);
    if (group === undefined) return;
    const endpoint = new native.Endpoint(share.endpoint);
    const begin = (count: number) => {
      for (let i = 0; i < count; i++) {
        if (group.ending !== undefined) {
          group.onFailed(createError('ERR_ABORTED'));
        } else if (!this.#home.native.connect(endpoint, group.id)) {
          group.onFailed(createError('ERR_TOO_MANY_CONNECTIONS'));
        }
      }
      this.scheduleReport();
    };
    if (share.rate === undefined) begin(share.count);
    else paced(share.count, share.rate, begin, () => group.ending !== undefined);
  }

  /** Ends its connections by that act, and begins no more. */
  end(id: number, by: GroupEnd, act: (connection: HandlerConnection) => void): void {
    const group = this.#groups.get(id);
    if (group === undefined) {
      if (!this.#closedEarly.has(id)) this.#closedEarly.set(id, by);
      return;
    }
    group.ending ??= by;
    this.#home.native.abandon(id);
    this.scheduleReport();
    this.#home.during(() => {
      for (const connection of group.connections) act(connection);
    });
  }

  /** A connection is over. The slot of one that belongs to the main thread is freed there. */
  done(group: HandlerGroup | undefined, slot: number, generation: number): void {
    if (group?.single === true) {
      this.#groups.delete(group.id);
      this.#home.native.stopCounting(group.id);
    } else {
      this.#home.native.release(slot, generation);
    }
  }

  scheduleReport(): void {
    this.#reportTimer ??= setTimeout(() => {
      this.#reportTimer = undefined;
      for (const [id, group] of this.#groups) {
        const report = group.takeReport();
        if (report !== undefined) this.#home.post({ type: 'report', group: id, report });
      }
    }, REPORT_DELAY);
  }

  #make(spec: HandlerSpec, single: boolean, exported: unknown): HandlerGroup {
    const { group, highWaterMark } = spec;
    const { post, place, native: service } = this.#home;
    const factory = factoryOf(exported);
    if (factory === undefined) {
      throw new TypeError('its default export does not come from defineHandler()');
    }
    const { url = '' } = spec.known;
    return new HandlerGroup(
      spec,
      single,
      { ...place, url, kind: kindOf(url), highWaterMark },
      factory,
      {
        worker: place.worker,
        post: (value) => cloning('value', value, () => post({ type: 'post', group, value })),
        received: () => service.received(group),
      },
      (error) => post({ type: 'threw', error: toPlain(error) }),
    );
  }
}

import type { DebugColumn } from 'lws-pool';
import type { Answer, WatchClient } from './client.js';
import { COLUMNS } from './columns.js';
import { number, part } from './numbers.js';
import { poolView } from './pool-view.js';
import type { Picture } from './screen.js';
import type { State } from './state.js';
import { NO_ROWS, rowsOf } from './table.js';

const NAMES: readonly DebugColumn[] = COLUMNS.map(({ name }) => name);

/** Asks for what the state shows, and keeps what it needs of the answers. */
export class Watch {
  readonly #client: WatchClient;
  readonly #title: Picture['title'];
  #stats: unknown;
  #before: unknown;
  #rows = NO_ROWS;
  #connections: unknown;
  #detail: unknown;

  constructor(client: WatchClient, interval: number) {
    this.#client = client;
    this.#title = { version: client.version, pid: client.pid, interval };
  }

  get picture(): Picture {
    return {
      title: this.#title,
      pool: poolView(this.#stats, this.#before),
      rows: this.#rows,
      detail: this.#detail,
      now: number(part(this.#stats, 'at')) ?? 0,
    };
  }

  /** The last answers, as they came. */
  get answers(): { readonly stats: unknown; readonly connections: unknown } {
    return { stats: this.#stats, connections: this.#connections };
  }

  /**
   * @param rows how many of them are shown
   * @param frozen the same figures as the last time, otherwise sorted, filtered or cut
   */
  async look(state: State, rows: number, frozen: boolean): Promise<void> {
    if (!frozen || this.#stats === undefined) {
      const { stats } = await this.#client.ask({ get: 'stats' });
      this.#before = this.#stats;
      this.#stats = stats;
    }
    if (state.detail !== undefined) {
      if (!frozen) this.#detail = (await this.#one(state.detail)).connection;
      return;
    }
    const { connections } = await this.#client.ask({
      get: 'connections',
      columns: NAMES,
      sort: state.sort.name,
      descending: state.descending,
      filter: state.filter,
      offset: state.offset,
      limit: rows,
      frozen,
    });
    this.#connections = connections;
    this.#rows = rowsOf(connections);
  }

  /** The connection that is to be shown alone from now on. */
  async open(id: string): Promise<void> {
    this.#detail = (await this.#one(id)).connection;
  }

  /** It may have been closed: then the answer has none. */
  #one(id: string): Promise<Answer> {
    return this.#client.tryAsk({ get: 'connection', id, tcp: true, tls: true });
  }
}

import type { PoolStats } from '../stats/pool.js';
import type { Compared } from './columns.js';

/** Rates are those of at least so long: between two looks in one moment they would jump. */
const LEAST_SPAN = 500;

type Snapshot = Pick<PoolStats, 'at'> & { readonly table: PoolStats['each'] };

/** What one observer has seen, to count rates from: two snapshots at most. */
export class Snapshots {
  #earlier: Snapshot | undefined;
  #later: Snapshot | undefined;
  #last: Compared | undefined;

  take({ at, each: table }: PoolStats): Compared {
    const now = { at, table };
    if (this.#later === undefined || at - this.#later.at >= LEAST_SPAN) {
      this.#earlier = this.#later;
      this.#later = now;
    }
    const before = this.#earlier ?? (this.#later === now ? undefined : this.#later);
    this.#last = { ...now, before };
    return this.#last;
  }

  /** The same as the last time. */
  get last(): Compared | undefined {
    return this.#last;
  }
}

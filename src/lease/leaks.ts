import type { Ending, LeaseFacts } from './observation.js';
import type { Origin } from './origin.js';

/** A lease that its holder lost, or has held for too long. */
export interface LeaseReport {
  /**
   * `leaked`: its holder lost it, and the pool has released it; `overdue`: it has been held
   * for longer than `leakDetectionThreshold`; `returned`: it was overdue, and has ended after all.
   */
  readonly kind: 'leaked' | 'overdue' | 'returned';
  /** Id of the connection. */
  readonly connection: string;
  /** Mode of the lease. */
  readonly mode: 'shared' | 'exclusive';
  /** Its fencing token, see {@link Lease.token}. */
  readonly token: bigint;
  /** The option `label`. */
  readonly label?: string | undefined;
  /** Time since it was granted. Milliseconds. */
  readonly heldFor: number;
  /** Stack of the call that took it; '' if many were taken within a second, unless
   * `leakDetectionThreshold` is set. */
  readonly stack: string;
}

/** What there is to find of a lease; not its handle, which could not be lost then. */
interface Findable extends LeaseFacts {
  readonly origin: Origin;
  readonly acquiredAt: number;
  readonly ending: Ending | undefined;
  /** Whether its holder has a descriptor or an SSL object of it. */
  readonly lends: boolean;
  end(ending: Ending): void;
}

/** Finds leases whose holders forgot them, and reports those that are held for long. */
export class LeakWatch {
  readonly #threshold: number | undefined;
  readonly #report: (report: LeaseReport) => void;
  /** Timers of those that are not overdue yet; undefined once they are. */
  readonly #watched = new Map<Findable, NodeJS.Timeout | undefined>();
  readonly #lost = new FinalizationRegistry<Findable>((lease) => {
    const leaked = lease.ending === undefined;
    lease.end('released');
    if (leaked) this.#tell('leaked', lease);
  });

  constructor(threshold: number | undefined, report: (report: LeaseReport) => void) {
    this.#threshold = threshold;
    this.#report = report;
  }

  /** @param handle what the holder has of it */
  began(lease: Findable, handle: object): void {
    this.#lost.register(handle, lease, lease);
    if (this.#threshold === undefined) return;
    const timer = setTimeout(() => {
      this.#watched.set(lease, undefined);
      this.#tell('overdue', lease);
    }, this.#threshold);
    timer.unref();
    this.#watched.set(lease, timer);
  }

  /** Any number of times. */
  ended(lease: Findable): void {
    // Somebody still has to give up what the holder was lent.
    if (!lease.lends) this.#lost.unregister(lease);
    if (!this.#watched.has(lease)) return;
    const timer = this.#watched.get(lease);
    this.#watched.delete(lease);
    if (timer === undefined) this.#tell('returned', lease);
    else clearTimeout(timer);
  }

  #tell(kind: LeaseReport['kind'], lease: Findable): void {
    this.#report(reportOf(kind, lease));
  }
}

function reportOf(kind: LeaseReport['kind'], lease: Findable): LeaseReport {
  const stack = lease.origin.stack ?? '';
  return {
    kind,
    connection: lease.connection.id,
    mode: lease.mode,
    token: BigInt(lease.token),
    label: lease.label,
    heldFor: Date.now() - lease.acquiredAt,
    // Its first line would name an error, and there was none.
    stack: stack.slice(stack.indexOf('\n') + 1),
  };
}

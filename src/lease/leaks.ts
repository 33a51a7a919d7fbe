import type { LeaseHandle } from './handle.js';
import type { LeaseState } from './state.js';

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

/** Finds leases whose holders forgot them, and reports those that are held for long. */
export class LeakWatch {
  readonly #threshold: number | undefined;
  readonly #report: (report: LeaseReport) => void;
  readonly #lost = new FinalizationRegistry<LeaseState>((state) => {
    const leaked = state.ending === undefined;
    state.leasing.end(state, 'released');
    if (leaked) this.#tell('leaked', state);
  });

  constructor(threshold: number | undefined, report: (report: LeaseReport) => void) {
    this.#threshold = threshold;
    this.#report = report;
  }

  began(state: LeaseState, handle: LeaseHandle): void {
    this.#lost.register(handle, state, state);
    if (this.#threshold === undefined) return;
    state.watch = setTimeout(() => {
      state.overdue = true;
      this.#tell('overdue', state);
    }, this.#threshold);
    state.watch.unref();
  }

  /** Any number of times. */
  ended(state: LeaseState): void {
    // Somebody still has to give up what the holder was lent.
    if (state.duplicate < 0 && state.ssl === undefined) this.#lost.unregister(state);
    if (state.watch === undefined) return;
    clearTimeout(state.watch);
    state.watch = undefined;
    if (state.overdue) this.#tell('returned', state);
  }

  #tell(kind: LeaseReport['kind'], state: LeaseState): void {
    this.#report(reportOf(kind, state));
  }
}

function reportOf(kind: LeaseReport['kind'], state: LeaseState): LeaseReport {
  const stack = state.origin.stack ?? '';
  return {
    kind,
    connection: state.leasing.connection.id,
    mode: state.mode,
    token: BigInt(state.token),
    label: state.label,
    heldFor: Date.now() - state.acquiredAt,
    // Its first line would name an error, and there was none.
    stack: stack.slice(stack.indexOf('\n') + 1),
  };
}

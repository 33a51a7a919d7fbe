import { Durations } from '../../channel/durations.js';
import type { LwsPoolError } from '../../errors/errors.js';
import type { ConnectObservation, PoolObserver } from '../observer.js';
import { RetiredWorkerTotals } from './reading.js';

/** What the main thread counts of a pool, beside what its workers count themselves. */
export class MainFigures implements PoolObserver {
  /** Of single connections, from the call of `connect()` until they were open. */
  readonly connect = new Durations();
  readonly lookup = new Durations();
  /** Leases of this thread. */
  readonly leaseWait = new Durations();
  readonly leaseHold = new Durations();
  /** Connections that never opened, by error code. */
  readonly failures = new Map<string, number>();
  /** Those that ended with an error after they were open. */
  readonly errors = new Map<string, number>();
  /** By worker. */
  readonly retired: readonly RetiredWorkerTotals[];
  /** The same for all openings: they are only counted. */
  readonly #opening: ConnectObservation = {
    failed: ({ code }: LwsPoolError) => this.failed(code),
  };

  constructor(threads: number) {
    this.retired = Array.from({ length: threads }, () => new RetiredWorkerTotals());
  }

  connecting(): ConnectObservation {
    return this.#opening;
  }

  /** Connections have failed to open. */
  failed(code: string, count = 1): void {
    add(this.failures, code, count);
  }

  /** Connections that were open have ended with an error. */
  ended(code: string, count = 1): void {
    add(this.errors, code, count);
  }
}

function add(counts: Map<string, number>, code: string, count: number): void {
  if (count > 0) counts.set(code, (counts.get(code) ?? 0) + count);
}

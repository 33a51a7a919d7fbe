import { closedWith, FIGURE, ROW, SEGMENT_ROWS } from '../../channel/figures.js';
import { type ConnectionState, stateOf } from '../../connection/stats.js';

/** What is said of a worker's connections together, without a look at each by itself. */
export interface ConnectionSums {
  readonly states: Readonly<Record<Exclude<ConnectionState, 'closed'>, number>>;
  /** Bytes that the kernel has not taken yet. */
  readonly queuedBytes: number;
}

/** One look at a worker. */
export interface WorkerReading extends ConnectionSums {
  readonly worker: number;
  readonly alive: boolean;
  /** Since its thread started, in the order of WORKER_FIGURE. */
  readonly figures: Float64Array;
  /** The same with all threads that had its place before: what never goes down. */
  readonly totals: Float64Array;
  /** Time that the event loops of all of them were at work. Milliseconds. */
  readonly active: number;
}

/** Reads where it is counted, and makes nothing for each connection. */
export function sumConnections(segments: readonly Float64Array[]): ConnectionSums {
  const states = { queued: 0, opening: 0, open: 0, closing: 0 };
  let queuedBytes = 0;
  for (const segment of segments) {
    for (let base = 0; base < SEGMENT_ROWS * ROW; base += ROW) {
      const state = stateOf(segment[base + FIGURE.state] as number);
      if (state === 'closed') continue;
      states[state]++;
      queuedBytes += segment[base + FIGURE.queuedBytes] as number;
    }
  }
  return { states, queuedBytes };
}

/** What the threads have counted that had a worker's place and are gone. */
export class RetiredWorkerTotals {
  #figures: Float64Array | undefined;
  #active = 0;
  crashes = 0;

  /** The thread is gone. What it had open has ended with it, and was closed by nobody. */
  add({ figures, states }: Omit<WorkerReading, 'totals'>, active: number): void {
    this.crashes++;
    this.#figures = this.totals(figures);
    (this.#figures[closedWith(1006)] as number) += states.open + states.closing;
    this.#active += active;
  }

  totals(figures: Float64Array): Float64Array {
    const retired = this.#figures;
    return retired === undefined
      ? figures.slice()
      : figures.map((value, index) => value + (retired[index] as number));
  }

  active(now: number): number {
    return this.#active + now;
  }
}

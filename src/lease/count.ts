import type { Durations } from '../channel/durations.js';
import { FIGURE, type FiguresRow } from '../channel/figures.js';

/** Counts the leases that one thread has on a connection. Times in milliseconds. */
export interface LeaseCount {
  /** Returns the time, which it is told again in the end. */
  began(waited: number): number;
  ended(began: number): void;
}

/** Those of all connections of a worker, or of the main thread. */
export interface LeaseDurations {
  readonly wait: Durations;
  readonly hold: Durations;
}

export function leaseCount(
  row: FiguresRow | undefined,
  side: 'main' | 'handler',
  all: LeaseDurations | undefined,
): LeaseCount | undefined {
  if (row === undefined) return undefined;
  const { figures, base } = row;
  const count = base + FIGURE[`${side}Leases`];
  const waitTotal = base + FIGURE[`${side}WaitTotal`];
  const waitMax = base + FIGURE[`${side}WaitMax`];
  const holdTotal = base + FIGURE[`${side}HoldTotal`];
  const holdMax = base + FIGURE[`${side}HoldMax`];
  const add = (total: number, max: number, time: number) => {
    (figures[total] as number) += time;
    if (time > (figures[max] as number)) figures[max] = time;
  };
  return {
    began(waited) {
      (figures[count] as number)++;
      if (waited > 0) add(waitTotal, waitMax, waited);
      all?.wait.note(waited);
      return performance.now();
    },
    ended(began) {
      const held = performance.now() - began;
      add(holdTotal, holdMax, held);
      all?.hold.note(held);
    },
  };
}

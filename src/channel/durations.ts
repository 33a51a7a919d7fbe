/** Limits of buckets, which are part of them. Milliseconds. */
export const DURATION_LIMITS: readonly number[] = [
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500],
  ...[1000, 2500, 5000, 10_000, 30_000],
];

/** Doubles that one takes: the buckets, the last of them without a limit, and the sum. */
export const DURATION_SIZE = DURATION_LIMITS.length + 2;

/** How often something took how long: Durations in native/core/stats/figures.h. */
export class Durations {
  readonly #figures: Float64Array;
  readonly #base: number;

  constructor(figures: Float64Array = new Float64Array(DURATION_SIZE), base = 0) {
    this.#figures = figures;
    this.#base = base;
  }

  /** Counts a time in milliseconds. */
  note(time: number): void {
    let bucket = 0;
    while (bucket < DURATION_LIMITS.length && time > (DURATION_LIMITS[bucket] as number)) bucket++;
    (this.#figures[this.#base + bucket] as number)++;
    (this.#figures[this.#base + DURATION_SIZE - 1] as number) += time;
  }

  /** Counts of the buckets, each its own, and behind them the sum in milliseconds. */
  get figures(): Float64Array {
    return this.#figures.subarray(this.#base, this.#base + DURATION_SIZE);
  }

  /** How many there are. */
  get count(): number {
    return this.figures.subarray(0, DURATION_SIZE - 1).reduce((sum, count) => sum + count, 0);
  }
}

/** Several added up. */
export function sumOfDurations(parts: readonly Durations[]): Durations {
  const sum = new Float64Array(DURATION_SIZE);
  for (const { figures } of parts) {
    for (const [index, value] of figures.entries()) (sum[index] as number) += value;
  }
  return new Durations(sum);
}

/** Warnings of one code that are told at once, and after them in a minute. */
const AT_ONCE = 10;
const PER_MINUTE = 10;
/** For so long the same cause is not told again. Milliseconds. */
const REPEAT = 60_000;
/** Causes that are remembered; the oldest is forgotten first. */
const CAUSES = 1024;

interface Bucket {
  left: number;
  /** When `left` was right. */
  counted: number;
  suppressed: number;
}

/** Sees that a fault which hits ten thousand connections is told of a few times. */
export class WarningLimiter {
  readonly #buckets = new Map<string, Bucket>();
  /** When each was told last, in that order. */
  readonly #causes = new Map<string, number>();

  /**
   * Whether that may be told: then how many of its code were not, since the last one.
   *
   * @param cause whom it is about
   * @param now milliseconds, of a clock that only grows
   */
  admit(code: string, cause: string, now: number): number | undefined {
    const key = `${code} ${cause}`;
    const last = this.#causes.get(key);
    if (last !== undefined && now - last < REPEAT) return undefined;
    const bucket = this.#bucket(code, now);
    if (bucket.left < 1) {
      bucket.suppressed++;
      return undefined;
    }
    bucket.left--;
    this.#remember(key, now);
    const { suppressed } = bucket;
    bucket.suppressed = 0;
    return suppressed;
  }

  /** There are few codes. */
  #bucket(code: string, now: number): Bucket {
    let bucket = this.#buckets.get(code);
    if (bucket === undefined) {
      bucket = { left: AT_ONCE, counted: now, suppressed: 0 };
      this.#buckets.set(code, bucket);
    }
    const earned = ((now - bucket.counted) / 60_000) * PER_MINUTE;
    bucket.left = Math.min(AT_ONCE, bucket.left + earned);
    bucket.counted = now;
    return bucket;
  }

  #remember(key: string, now: number): void {
    this.#causes.delete(key);
    this.#causes.set(key, now);
    if (this.#causes.size <= CAUSES) return;
    const [oldest] = this.#causes.keys();
    this.#causes.delete(oldest as string);
  }
}

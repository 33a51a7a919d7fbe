/** The last beat that a worker has answered: written there, read on the main thread. */
export type Heart = Int32Array<SharedArrayBuffer>;

export function createHeart(): Heart {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** In the worker. */
export function answer(heart: Heart, beat: number): void {
  Atomics.store(heart, 0, beat);
}

/**
 * Whether a worker's event loop turns. It is sent a beat, which it answers in memory: a message
 * would wait where the main thread is late itself, and the worker would seem to be.
 */
export class Heartbeat {
  readonly heart = createHeart();
  #beat = 0;
  #sent = 0;
  #told = false;

  /**
   * @param now milliseconds, of a clock that only grows
   * @param limit milliseconds
   * @returns for how long it has not turned, once, when that is more than the limit
   */
  overdue(now: number, limit: number): number | undefined {
    if (this.answered) {
      this.#told = false;
      return undefined;
    }
    const late = now - this.#sent;
    if (late < limit || this.#told) return undefined;
    this.#told = true;
    return late;
  }

  /** The number of the next beat, where the last was answered. */
  next(now: number): number | undefined {
    if (!this.answered) return undefined;
    this.#beat = (this.#beat + 1) | 0;
    this.#sent = now;
    return this.#beat;
  }

  /** Whether the last beat was answered. */
  get answered(): boolean {
    return Atomics.load(this.heart, 0) === this.#beat;
  }
}

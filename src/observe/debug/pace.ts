/** Rest after an answer: so many times as long as it took. */
const REST = 4;

/**
 * Answers observers one after the other and rests in between, so that all of them together take no
 * more than a fifth of this thread, whatever they ask for and how often.
 */
export class Pace {
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  /** @returns takes it back, if it has not been done yet */
  add(work: () => void): () => void {
    this.#waiting.add(work);
    this.#timer ??= this.#after(0);
    return () => this.#waiting.delete(work);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #after(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.#next(), milliseconds).unref();
  }

  #next(): void {
    this.#timer = undefined;
    const [work] = this.#waiting;
    if (work === undefined) return;
    this.#waiting.delete(work);
    const began = performance.now();
    try {
      work();
    } finally {
      const took = performance.now() - began;
      if (this.#waiting.size > 0 || took > 0) this.#timer = this.#after(Math.ceil(took * REST));
    }
  }
}

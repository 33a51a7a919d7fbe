/** The pace of a growing count, from one look at it to the next. */
export class Speedometer {
  #count = 0;
  #time = performance.now();

  /** How much was added per second since the last call. */
  read(count: number): number {
    const now = performance.now();
    const pace = ((count - this.#count) * 1e3) / Math.max(1, now - this.#time);
    this.#count = count;
    this.#time = now;
    return pace;
  }
}

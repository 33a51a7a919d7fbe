/** A queue of times, first in first out. It grows as needed and allocates nothing else. */
export class TimeRing {
  /** A power of two long. */
  #times = new Float64Array(1);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(time: number): void {
    if (this.#length === this.#times.length) this.#grow();
    this.#times[(this.#head + this.#length++) & (this.#times.length - 1)] = time;
  }

  shift(): number | undefined {
    if (this.#length === 0) return undefined;
    const time = this.#times[this.#head];
    this.#head = (this.#head + 1) & (this.#times.length - 1);
    this.#length--;
    return time;
  }

  clear(): void {
    this.#length = 0;
  }

  #grow(): void {
    const grown = new Float64Array(this.#times.length * 2);
    grown.set(this.#times.subarray(this.#head));
    grown.set(this.#times.subarray(0, this.#head), this.#times.length - this.#head);
    this.#times = grown;
    this.#head = 0;
  }
}

/** A queue. `Array.shift()` moves all that is left, once that is much. */
export class Fifo<Value> {
  #values: (Value | undefined)[] = [];
  /** Those before it are gone. */
  #head = 0;

  get length(): number {
    return this.#values.length - this.#head;
  }

  push(value: Value): void {
    this.#values.push(value);
  }

  /** Undefined where there is none. */
  shift(): Value | undefined {
    const value = this.#values[this.#head];
    if (this.length === 0) return undefined;
    this.#values[this.#head++] = undefined;
    if (this.#head * 2 >= this.#values.length) {
      this.#values = this.#values.slice(this.#head);
      this.#head = 0;
    }
    return value;
  }

  /** The last one that was put in. */
  last(): Value | undefined {
    return this.length === 0 ? undefined : this.#values.at(-1);
  }

  /** Puts another one in its place. */
  replaceLast(value: Value): void {
    this.#values[this.#values.length - 1] = value;
  }

  clear(): void {
    this.#values = [];
    this.#head = 0;
  }
}

import { Fifo } from '../base/fifo.js';
import type { LwsPoolError } from '../errors/errors.js';

/** What a stream asks of the operation that feeds it. */
export interface Source {
  /** Something was taken. */
  taken(): void;
  /** Nobody wants any more. */
  stop(): void;
}

interface Taker<Value> {
  readonly resolve: (result: IteratorResult<Value, undefined>) => void;
  readonly reject: (error: LwsPoolError) => void;
}

/** The answers of a multishot operation, one after the other. */
export class Stream<Value> implements AsyncIterableIterator<Value, undefined> {
  readonly #source: Source;
  readonly #merge: ((last: Value, next: Value) => Value) | undefined;
  readonly #waiting = new Fifo<Value>();
  readonly #takers = new Fifo<Taker<Value>>();
  #ended = false;
  #error: LwsPoolError | undefined;

  /** @param merge makes one of two that nobody has taken yet */
  constructor(source: Source, merge?: (last: Value, next: Value) => Value) {
    this.#source = source;
    this.#merge = merge;
  }

  /** How many were not taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  push(value: Value): void {
    if (this.#ended) return;
    const taker = this.#takers.shift();
    const last = this.#waiting.last();
    if (taker !== undefined) taker.resolve({ done: false, value });
    else if (this.#merge !== undefined && last !== undefined) {
      this.#waiting.replaceLast(this.#merge(last, value));
    } else this.#waiting.push(value);
  }

  /** Nothing more comes; an error is told once, after what came before it. */
  end(error?: LwsPoolError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (let taker = this.#takers.shift(); taker; taker = this.#takers.shift()) this.#settle(taker);
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    return new Promise((resolve, reject) => {
      const value = this.#waiting.shift();
      if (value !== undefined) {
        resolve({ done: false, value });
        this.#source.taken();
      } else if (this.#ended) this.#settle({ resolve, reject });
      else this.#takers.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<Value, undefined>> {
    this.#waiting.clear();
    if (!this.#ended) this.#source.stop();
    this.end();
    this.#error = undefined;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #settle({ resolve, reject }: Taker<Value>): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) resolve({ done: true, value: undefined });
    else reject(error);
  }
}

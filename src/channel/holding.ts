import { Fifo } from '../base/fifo.js';
import { unitsOf } from './held.js';
import type { Link } from './link.js';

/** A message, or bytes of a raw connection. */
export interface Message {
  /** The payload; text as its UTF-8. */
  readonly data: Buffer;
  /** False for a text message; true for bytes of a raw connection. */
  readonly isBinary: boolean;
}

/** Messages of one connection that wait to be read, in order. Its link counts how much that is. */
export class Holding {
  /** How many were taken, of all time. */
  taken = 0;
  readonly #link: Link;
  readonly #messages = new Fifo<Message>();
  #units = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  get length(): number {
    return this.#messages.length;
  }

  push(message: Message): void {
    this.#messages.push(message);
    this.#hold(unitsOf(message));
  }

  shift(): Message | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    this.taken++;
    this.#hold(-unitsOf(message));
    return message;
  }

  clear(): void {
    this.#messages.clear();
    this.#hold(-this.#units);
  }

  #hold(units: number): void {
    this.#units += units;
    this.#link.hold(units);
  }
}

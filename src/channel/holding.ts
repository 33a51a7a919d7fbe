import { Fifo } from './fifo.js';
import type { Link } from './link.js';

/** kHeldUnit in native/core/channel/slot_table.h. Bytes. */
const HELD_UNIT = 64;

/** How much of all its connections may be held of one worker's, in units; of a whole pool's bytes. */
export function ceilingOf(bytes: number | undefined, workers: number): number {
  const most = 2 ** 31 - 1;
  return bytes === undefined ? most : Math.min(most, Math.floor(bytes / workers / HELD_UNIT));
}

/** Half of what may be held: less often than for each message the worker is told. */
export function lowMarkOf(highWaterMark: number): number {
  return Math.floor(highWaterMark / HELD_UNIT / 2);
}

/** A message, or bytes of a raw connection. */
export interface Message {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** One more than it fills: also an empty message costs whoever holds it something. */
function unitsOf({ data }: Message): number {
  return Math.floor(data.length / HELD_UNIT) + 1;
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

import { Fifo } from './fifo.js';
import type { Link, Wire } from './link.js';
import { Command } from './record.js';

/** kHeldUnit in native/core/channel/slot_table.h. Bytes. */
const HELD_UNIT = 64;

/** How much of all its connections may be held of one worker's, in units; of a whole pool's bytes. */
export function ceilingOf(bytes: number | undefined, workers: number): number {
  const most = 2 ** 31 - 1;
  return bytes === undefined ? most : Math.min(most, Math.floor(bytes / workers / HELD_UNIT));
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

/**
 * Messages of one connection that wait to be read, in order. Its worker knows how much that is, and
 * reads no more than `highWaterMark` lets it: see native/core/net/service_unread.cc.
 */
export class Holding {
  /** How many were taken, of all time. */
  taken = 0;
  readonly #wire: Wire;
  readonly #link: Link;
  readonly #messages = new Fifo<Message>();
  #units = 0;
  /** The worker may have stopped reading, and waits to hear that there is less. */
  #awaited = false;
  #over = false;

  constructor(link: Link, wire: Wire) {
    this.#link = link;
    this.#wire = wire;
  }

  get length(): number {
    return this.#messages.length;
  }

  push(message: Message): void {
    this.#messages.push(message);
    this.#change(unitsOf(message));
    if (this.#units > this.#low) this.#awaited = true;
  }

  shift(): Message | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    this.taken++;
    const made = this.#change(-unitsOf(message));
    if (made || (this.#awaited && this.#units <= this.#low)) this.#tell();
    return message;
  }

  clear(): void {
    this.#messages.clear();
    this.#change(-this.#units);
    this.#tell();
  }

  /** The connection is over: what is left is only whoever's who has it. */
  end(): void {
    this.#change(-this.#units);
    this.#tell();
    this.#over = true;
  }

  /** Half of what may be held: less often than for each message the worker is told. */
  get #low(): number {
    return Math.floor(this.#link.highWaterMark / HELD_UNIT / 2);
  }

  /** Answers whether that made room for others, where there was none. */
  #change(units: number): boolean {
    if (this.#over) return false;
    this.#units += units;
    const { ledgers, held, ceiling } = this.#wire;
    ledgers.setHeld(this.#link.slot, this.#units);
    const before = Atomics.add(held, 0, units);
    return before > ceiling && before + units <= ceiling;
  }

  #tell(): void {
    if (this.#over) return;
    this.#awaited = false;
    this.#wire.outbox.command(Command.taken, this.#link.slot, this.#link.generation);
  }
}

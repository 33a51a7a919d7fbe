import type { NativeEnd } from '../native.js';

/**
 * Figures of each connection that its worker writes and any thread reads, without a call: see
 * LedgerEntry in native/core/channel/slot_table.h.
 */
export type Ledger = Float64Array;

/** Doubles of a connection; the last two are words. */
const FIGURES = 5;
const SEGMENT = 1024;

/** Payload bytes taken over from the sends of this side. */
export const ACCEPTED = { main: 0, handler: 1 } as const;
/** Bytes on the wire that the kernel has not taken yet. */
export const PENDING = 2;
/** Where in {@link Ledgers.words} it stands how many commands of this side are written. */
const WRITTEN = { main: 6, handler: 7 } as const;
/** How much is held of it, see Link.hold(). */
const HELD = 8;

/** The segments of one worker's ledger. */
export class Ledgers {
  readonly #end: NativeEnd;
  readonly #segments: Ledger[] = [];
  /** The same memory. */
  readonly #words: Int32Array[] = [];

  constructor(end: NativeEnd) {
    this.#end = end;
  }

  /** The array that holds the figures of a slot, from {@link ledgerBase} on. */
  of(slot: number): Ledger {
    const index = Math.floor(slot / SEGMENT);
    const known = this.#segments[index];
    if (known !== undefined) return known;
    const segment = this.#end.ledger(index);
    if (segment === undefined) throw new RangeError(`no ledger for slot ${slot}`);
    this.#segments[index] = segment;
    this.#words[index] = new Int32Array(segment.buffer);
    return segment;
  }

  /**
   * How many commands of that side the worker is done with that were to write something, as an
   * integer of 32 bits: the kernel has all that they asked for. For a slot that {@link of} was
   * asked for.
   */
  written(slot: number, side: keyof typeof WRITTEN): number {
    const words = this.#words[Math.floor(slot / SEGMENT)] as Int32Array;
    return Atomics.load(words, ledgerBase(slot) * 2 + WRITTEN[side]);
  }

  /** How much is held of a connection, as its worker is to know it. For a slot as above. */
  setHeld(slot: number, units: number): void {
    const words = this.#words[Math.floor(slot / SEGMENT)] as Int32Array;
    Atomics.store(words, ledgerBase(slot) * 2 + HELD, units);
  }
}

export function ledgerBase(slot: number): number {
  return (slot % SEGMENT) * FIGURES;
}

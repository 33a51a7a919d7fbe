import type { NativeEnd } from '../native.js';

/**
 * Figures of each connection that its worker writes and any thread reads, without a call: see
 * LedgerEntry in native/core/channel/slot_table.h.
 */
export type Ledger = Float64Array;

const FIGURES = 4;
const SEGMENT = 1024;

/** Payload bytes taken over from the sends of this side. */
export const ACCEPTED = { owner: 0, handler: 1 } as const;
/** Bytes on the wire that the kernel has not taken yet. */
export const PENDING = 2;
/** 1 while something that the main thread has sent is not written; else 0. */
export const OWED = 3;

/** The segments of one worker's ledger. */
export class Ledgers {
  readonly #end: NativeEnd;
  readonly #segments: Ledger[] = [];

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
    return segment;
  }
}

export function ledgerBase(slot: number): number {
  return (slot % SEGMENT) * FIGURES;
}

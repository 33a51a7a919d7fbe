/**
 * What crosses between native code and JavaScript, as native/core/channel/record.h lays it out:
 * records of a header of six 32-bit words and a payload, each a multiple of 8 bytes.
 */

/** The words of a header. Type and flags share one, type in the lower half. */
export const SIZE = 0;
export const TYPE_AND_FLAGS = 1;
export const SLOT = 2;
export const GENERATION = 3;
export const LENGTH = 4;
export const AUX = 5;

/** Bytes of a header. */
export const HEADER = 24;

export const FLAG_BINARY = 1;
export const FLAG_EXTERNAL = 2;
export const FLAG_EXCLUSIVE = 4;
export const FLAG_FRAME = 8;
/** The payload lies in the slab that users see, at the offset `aux`. */
export const FLAG_SHOWN = 16;
/** Not to be compressed. */
export const FLAG_PLAIN = 32;
/** Of the fragments of a message. */
export const FLAG_FIRST = 64;
export const FLAG_LAST = 128;
/** A mark behind what is sent of a message in fragments, by whoever sends that. */
export const FLAG_WITHIN = 256;

export const Event = {
  opened: 1,
  failed: 2,
  message: 3,
  data: 4,
  ping: 5,
  pong: 6,
  flushed: 7,
  ended: 8,
  closed: 9,
  broadcast: 10,
  leased: 11,
  leaseExpired: 12,
  warned: 13,
  keylog: 14,
  plainBroadcast: 15,
} as const;

export const Command = {
  send: 1,
  ping: 2,
  close: 3,
  terminate: 4,
  pause: 5,
  resume: 6,
  mark: 7,
  end: 8,
  fail: 9,
  broadcast: 10,
  lease: 11,
  cancelLease: 12,
  taken: 13,
  fragment: 14,
} as const;

/** It asks for something to be written to the peer, see LedgerEntry in slot_table.h. */
export function isOutput(command: number): boolean {
  switch (command) {
    case Command.send:
    case Command.ping:
    case Command.close:
    case Command.end:
    case Command.fail:
    case Command.fragment:
      return true;
    default:
      return false;
  }
}

/** Bytes of a record with a payload of that size. */
export function recordSize(length: number): number {
  return (HEADER + length + 7) & ~7;
}

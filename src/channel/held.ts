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

/** One more than it fills: also an empty message costs whoever holds it something. */
export function unitsOf({ data }: { readonly data: Buffer }): number {
  return Math.floor(data.length / HELD_UNIT) + 1;
}

/** The same bytes for every peer. */
export function makePayload(size) {
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31) & 0xff));
}

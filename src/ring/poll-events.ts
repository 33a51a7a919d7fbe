/**
 * Events of poll(2), to be joined with `|`. ERR and HUP are always told, asked for or not. RDHUP:
 * the peer has ended its side, so that the connection is half-open or about to close.
 */
export const POLL = {
  IN: 0x001,
  PRI: 0x002,
  OUT: 0x004,
  ERR: 0x008,
  HUP: 0x010,
  RDHUP: 0x2000,
} as const;

/** Events of poll(2), for {@link Ring.poll}: join them with `|`. */
export const POLL = {
  /** Data can be read. */
  IN: 0x001,
  /** There is urgent data. */
  PRI: 0x002,
  /** Data can be written. */
  OUT: 0x004,
  /** The socket has an error. Reported whether asked for or not. */
  ERR: 0x008,
  /** Both directions have ended. Reported whether asked for or not. */
  HUP: 0x010,
  /** The peer has ended its side: the connection is half-open, or about to close. */
  RDHUP: 0x2000,
} as const;

import type { LwsPoolError } from '../errors/errors.js';

/** Events of a {@link Connection}, with the arguments of their listeners. */
export interface ConnectionEvents {
  /**
   * A message of a WebSocket; text as its UTF-8, checked. You may keep and change the Buffer, but not
   * the rest of `data.buffer`: small messages share memory, as Buffers of Node.js do.
   */
  message: [data: Buffer, isBinary: boolean];
  /** Bytes of a raw connection. */
  data: [data: Buffer];
  /** The peer of a raw connection has ended its side, and sends nothing more. */
  end: [nothing?: undefined];
  /** A ping of the peer; it has been answered. */
  ping: [data: Buffer];
  /** A pong of the peer (RFC 6455 section 5.5.3). */
  pong: [data: Buffer];
  /**
   * With `tls.keylog: true`: a secret of the TLS handshake, as a line of the NSS key log format with its
   * line end. Secrets of the opening wait for listeners added as soon as `connect()` has resolved.
   */
  keylog: [line: Buffer];
  /** The kernel has taken everything that was sent, after `send()` returned false. */
  drain: [nothing?: undefined];
  /**
   * The connection has ended: emitted once, after all other events. Messages that had no listener can
   * still be read. Codes: RFC 6455 section 7.4; 1006 without a close frame.
   */
  close: [code: number, reason: string];
  /** Something went wrong; `close` follows. Without a listener, nothing is thrown. */
  error: [error: LwsPoolError];
}

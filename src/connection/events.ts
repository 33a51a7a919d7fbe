import type { EventEmitter } from 'node:events';
import type { Holding } from '../channel/holding.js';
import type { Data, ReadyState } from '../channel/link.js';
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

/** A connection, as an iteration or a stream reads from it and writes to it. */
export interface MessageSource extends EventEmitter<ConnectionEvents> {
  readonly id: string;
  readonly kind: 'ws' | 'raw';
  readonly readyState: ReadyState;
  readonly error: LwsPoolError | undefined;
  send(data: Data): boolean;
  flushed(): Promise<void>;
  close(code?: number, reason?: string): Promise<void>;
  end(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  beginIterating(): Holding;
  endIterating(ended: boolean): void;
  endLater(): void;
}

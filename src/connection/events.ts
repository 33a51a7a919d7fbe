import type { EventEmitter } from 'node:events';
import type { Holding } from '../channel/holding.js';
import type { Data, ReadyState } from '../channel/link.js';
import type { LwsPoolError } from '../errors/errors.js';

export interface ConnectionEvents {
  /**
   * A message of a WebSocket; text comes as its UTF-8, checked. It is yours to keep and to change, but
   * not what lies around it in `data.buffer`: small messages share memory, as Buffers of Node.js do.
   */
  message: [data: Buffer, isBinary: boolean];
  /** Bytes of a raw connection. */
  data: [data: Buffer];
  /** The peer of a raw connection will send nothing more. */
  end: [nothing?: undefined];
  /** A ping of the peer; it has been answered. */
  ping: [data: Buffer];
  pong: [data: Buffer];
  /**
   * With `tls.keylog: true`: a secret of the TLS handshake, a line of the NSS key log format with its
   * end. Those of the opening wait for whoever listens as soon as `connect()` has resolved.
   */
  keylog: [line: Buffer];
  /** After `send()` answered false: the kernel has taken everything. */
  drain: [nothing?: undefined];
  /**
   * Once, after all that was listened for; messages that nobody listened for can still be taken.
   * Codes: RFC 6455 section 7.4; 1006 where there was none. */
  close: [code: number, reason: string];
  /** Before `close`, if something went wrong. Nothing happens where nobody listens. */
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

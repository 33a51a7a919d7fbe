import type { Connection } from '../connection/connection.js';
import type { LwsPoolError } from '../errors/errors.js';

/** A connection that is being opened. */
export interface Request {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly kind: 'ws' | 'raw';
  readonly highWaterMark: number;
  /** Milliseconds, for what the worker itself cannot end since it hangs. */
  readonly timeout: number;
  readonly closeTimeout: number;
  /** Of handlers in the worker; 0: none. */
  readonly group: number;
  /** When it was asked for, and when its addresses were known: monotonicNow(). */
  readonly requested: number;
  readonly resolved: number;
  resolve(connection: Connection): void;
  reject(error: LwsPoolError): void;
}

/** What errors say of a peer besides what native code knows. */
export function errorContext(peer: { url: string; host: string; port: number }) {
  const { url, host, port } = peer;
  return { url, host, ...(port > 0 ? { port: `${port}` } : {}) };
}

/** What a load run does. */
export interface LoadSettings {
  /** Of an echo server, in any form that `pool.connect()` takes. */
  readonly url: string;
  readonly connections: number;
  /** How long messages are sent. Seconds; 0 opens and closes connections without any. */
  readonly duration: number;
  /** Bytes of each message. */
  readonly size: number;
  /** Most messages of a connection on their way; undefined: 1, or no limit where there is a rate. */
  readonly inflight: number | undefined;
  /** Messages per second over all connections; undefined: each answer sends the next message. */
  readonly rate: number | undefined;
  /** Undefined: the pool's default. */
  readonly threads: number | undefined;
  /** PEM of the authorities to trust; undefined: the default ones. */
  readonly ca: string | undefined;
  /** Takes any certificate. */
  readonly insecure: boolean;
  /** Where the run can be watched, see `pool.listenDebug()`; undefined: nowhere. */
  readonly debugSocket: string | undefined;
  /** How long to wait for answers once nothing is sent any more. Seconds. */
  readonly grace: number;
}

export const LOAD_DEFAULTS = {
  connections: 100,
  duration: 10,
  size: 64,
  grace: 10,
} as const;

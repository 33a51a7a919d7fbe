/** What the BIOs of a connection tell. */

export interface BioTraffic {
  readonly bytes: bigint;
  /** Calls that moved bytes. */
  readonly calls: bigint;
  /** Calls that moved none and have to be repeated. */
  readonly retries: bigint;
}

export interface CounterFigures {
  readonly type: 'counter';
  readonly read: BioTraffic;
  readonly written: BioTraffic;
}

/** A record of TLS (RFC 8446 section 5.1). */
export interface TlsRecord {
  /** When its last byte passed. Milliseconds since the epoch. */
  readonly time: number;
  readonly direction: 'in' | 'out';
  /** What its header says; with TLS 1.3, what is encrypted is `application_data` always. */
  readonly type: 'change_cipher_spec' | 'alert' | 'handshake' | 'application_data' | 'heartbeat';
  /** Bytes behind its header of 5. */
  readonly length: number;
}

export interface RecorderFigures {
  readonly type: 'recorder';
  /** The latest ones, the oldest first. */
  readonly records: readonly TlsRecord[];
  /** Of all that have passed. */
  readonly total: bigint;
  /** What passed was not TLS any more, and has not been recorded since. */
  readonly lost: boolean;
}

export interface FaultFigures {
  readonly type: 'fault';
  /** With that one it does the same again. */
  readonly seed: number;
  /** How often it struck. */
  readonly injected: bigint;
}

export interface CoalesceFigures {
  readonly type: 'coalesce';
  /** Writes of OpenSSL, most of them one record each. */
  readonly records: bigint;
  /** What became of them. */
  readonly writes: bigint;
}

export interface CaptureFigures {
  readonly type: 'capture';
  readonly file: string;
  /** Of the file, so far. */
  readonly bytes: bigint;
  /** It cannot grow any more: the limit, or a full disk. */
  readonly stopped: boolean;
}

export interface MemoryFigures {
  readonly type: 'memory';
  /** Bytes. */
  readonly fed: bigint;
  readonly taken: bigint;
}

/** A BIO of your own: it counts what it likes. */
export interface CustomFigures {
  readonly type: 'custom';
}

export type BioFigures =
  | CounterFigures
  | RecorderFigures
  | CaptureFigures
  | FaultFigures
  | CoalesceFigures
  | MemoryFigures
  | CustomFigures;

/** The same as native/bindings/bio_object.cc makes them. */
export type NativeBio =
  | Exclude<BioFigures, RecorderFigures>
  | (Omit<RecorderFigures, 'records'> & { readonly packed: Float64Array });

/** What the BIOs of a connection tell. */

/** What has passed a BIO in one direction. */
export interface BioTraffic {
  /** Bytes that were moved. */
  readonly bytes: bigint;
  /** Calls that moved bytes. */
  readonly calls: bigint;
  /** Calls that moved none and have to be repeated. */
  readonly retries: bigint;
}

/** Figures of a `counter` BIO, see {@link CounterBio}. */
export interface CounterFigures {
  /** Tells the figures of different BIOs apart. */
  readonly type: 'counter';
  /** Towards OpenSSL. */
  readonly read: BioTraffic;
  /** Towards the socket. */
  readonly written: BioTraffic;
}

/** A record of TLS (RFC 8446 section 5.1). */
export interface TlsRecord {
  /** When its last byte passed. Milliseconds since the epoch. */
  readonly time: number;
  /** `in`: from the peer. */
  readonly direction: 'in' | 'out';
  /** As in its header: in TLS 1.3, every encrypted record is `application_data`. */
  readonly type: 'change_cipher_spec' | 'alert' | 'handshake' | 'application_data' | 'heartbeat';
  /** Bytes behind its header of 5. */
  readonly length: number;
}

/** Figures of a `recorder` BIO, see {@link RecorderBio}. */
export interface RecorderFigures {
  /** Tells the figures of different BIOs apart. */
  readonly type: 'recorder';
  /** The latest ones, the oldest first. */
  readonly records: readonly TlsRecord[];
  /** Number of all records that have passed. */
  readonly total: bigint;
  /** Bytes passed that were no TLS records; nothing has been recorded since. */
  readonly lost: boolean;
}

/** Figures of a `fault` BIO, see {@link FaultBio}. */
export interface FaultFigures {
  /** Tells the figures of different BIOs apart. */
  readonly type: 'fault';
  /** The seed in use: pass it as the option `seed` to repeat the run. */
  readonly seed: number;
  /** How many faults were injected. */
  readonly injected: bigint;
}

/** Figures of a `coalesce` BIO, see {@link CoalesceBio}. */
export interface CoalesceFigures {
  /** Tells the figures of different BIOs apart. */
  readonly type: 'coalesce';
  /** Writes of OpenSSL, most of them one record each. */
  readonly records: bigint;
  /** Writes to the socket that they were gathered into. */
  readonly writes: bigint;
}

/** Figures of a `capture` BIO, see {@link CaptureBio}. */
export interface CaptureFigures {
  /** Tells the figures of different BIOs apart. */
  readonly type: 'capture';
  /** Absolute path of the file. */
  readonly file: string;
  /** Size of the file so far. */
  readonly bytes: bigint;
  /** It cannot grow any more: the limit, or a full disk. */
  readonly stopped: boolean;
}

/** Figures of a BIO from `createMemoryBio()`, see {@link MemoryBio}. */
export interface MemoryFigures {
  /** Tells the figures of different BIOs apart. */
  readonly type: 'memory';
  /** Bytes that `feed()` has accepted. */
  readonly fed: bigint;
  /** Bytes that `take()` has returned. */
  readonly taken: bigint;
}

/** A BIO of your own, see {@link CustomBio}: nothing is counted for it. */
export interface CustomFigures {
  /** Tells the figures of different BIOs apart. */
  readonly type: 'custom';
}

/** Figures of one BIO, by its `type`; from `lease.tls.bios`. */
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

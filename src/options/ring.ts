import { flag, group, integer, parseWith, powerOfTwo, signal } from './schema.js';

/** Options of `new Ring()`. */
export interface RingOptions {
  /** Operations that can be submitted together, and so the longest chain. Default: 256. */
  readonly entries?: number | undefined;
  /** Completions that fit the ring; more wait in the kernel, at some cost. Default: twice `entries`. */
  readonly completions?: number | undefined;
  /**
   * Sockets that the kernel keeps in a table of the ring's, which saves looking them up for each
   * operation; those of further leases are duplicated (dup(2)). Default: 256.
   */
  readonly registered?: number | undefined;
  /** Buffers of `recvMultishot()`, for all leases together. */
  readonly buffers?:
    | {
        /** How many, a power of two. Default: 64. */
        readonly count?: number | undefined;
        /** Size of each. Bytes; default: 4,096. */
        readonly size?: number | undefined;
      }
    | undefined;
}

export interface ResolvedRingOptions {
  readonly entries: number;
  readonly completions: number;
  readonly registered: number;
  readonly bufferCount: number;
  readonly bufferSize: number;
}

/** Options of every operation of a ring. */
export interface RingOperationOptions {
  /** Cancels the operation. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `recv()`, `readv()` and `request()`. */
export interface RecvOptions extends RingOperationOptions {
  /** Completes only when the memory is full, or the peer has ended. Default: false. */
  readonly all?: boolean | undefined;
}

/** Options of `recvMultishot()`. */
export interface RecvMultishotOptions extends RingOperationOptions {
  /**
   * How many bytes may wait to be read from the iterator; with more, nothing is received until half of
   * them were read. Bytes; default: 262,144.
   */
  readonly highWaterMark?: number | undefined;
}

interface PollOptions extends RingOperationOptions {
  readonly multishot?: boolean | undefined;
}

const ringCheck = group({
  entries: integer(1, 32_768),
  completions: integer(2, 65_536),
  registered: integer(0, 1_048_576),
  buffers: group({
    count: powerOfTwo(32_768),
    size: integer(64, 1_048_576, ' (bytes)'),
  }),
});
const operationCheck = group({ signal: signal });
const pollCheck = group({ signal: signal, multishot: flag });
const recvCheck = group({ signal: signal, all: flag });
const multishotCheck = group({
  signal: signal,
  highWaterMark: integer(1, 2 ** 31 - 1, ' (bytes)'),
});

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseRingOptions(input: RingOptions = {}): ResolvedRingOptions {
  const given = parseWith(ringCheck, input);
  const entries = given.entries ?? 256;
  return {
    entries,
    // The kernel wants no fewer.
    completions: Math.max(given.completions ?? entries * 2, entries),
    registered: given.registered ?? 256,
    bufferCount: given.buffers?.count ?? 64,
    bufferSize: given.buffers?.size ?? 4096,
  };
}

const NONE = {};

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseRingOperation(input: RingOperationOptions | undefined): RingOperationOptions {
  return input === undefined ? NONE : parseWith(operationCheck, input);
}

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parsePollOptions(input: PollOptions | undefined): PollOptions {
  return input === undefined ? NONE : parseWith(pollCheck, input);
}

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseRecvOptions(input: RecvOptions | undefined): RecvOptions {
  return input === undefined ? NONE : parseWith(recvCheck, input);
}

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseMultishotOptions(input: RecvMultishotOptions | undefined): {
  readonly signal: AbortSignal | undefined;
  readonly highWaterMark: number;
} {
  const given = parseWith(multishotCheck, input ?? NONE);
  return { signal: given.signal, highWaterMark: given.highWaterMark ?? 262_144 };
}

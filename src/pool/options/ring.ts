import { z } from 'zod';
import { group, integer, parseWith, Rejection, reader } from './schema.js';

/** Options of `new Ring()`. */
export interface RingOptions {
  /** Operations that can be submitted together, and so the longest chain. Default: 256. */
  readonly entries?: number | undefined;
  /** Answers that can wait. More of them wait in the kernel, at some cost. Default: twice `entries`. */
  readonly completions?: number | undefined;
  /**
   * Sockets that the kernel keeps in a table of the ring's, which saves looking them up for each
   * operation; those of further leases are duplicated (dup(2)). Default: 256.
   */
  readonly registered?: number | undefined;
  /** What `recvMultishot()` receives into, for all leases together. */
  readonly buffers?:
    | {
        /** A power of two. Default: 64. */
        readonly count?: number | undefined;
        /** Bytes. Default: 4,096. */
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

export interface RecvOptions extends RingOperationOptions {
  /** Ends only when all of the memory is full, or the peer has ended. Default: false. */
  readonly all?: boolean | undefined;
}

export interface RecvMultishotOptions extends RingOperationOptions {
  /**
   * What may wait for the iterator; with more, nothing is received until half of it was taken.
   * Bytes; default: 262,144.
   */
  readonly highWaterMark?: number | undefined;
}

const isSignal = (value: unknown) => value instanceof AbortSignal;
const signal = z.custom<AbortSignal>(isSignal, 'an AbortSignal').optional();
const flag = z.boolean('true or false').optional();

const powerOfTwo = reader<number, number>((value) => {
  const count = value as number;
  const fits = Number.isInteger(count) && count >= 1 && count <= 32_768;
  if (!fits || (count & (count - 1)) !== 0) throw new Rejection('a power of two from 1 to 32768');
  return count;
});

const ringSchema = group({
  entries: integer(1, 32_768).optional(),
  completions: integer(2, 65_536).optional(),
  registered: integer(0, 1_048_576).optional(),
  buffers: group({
    count: powerOfTwo.optional(),
    size: integer(64, 1_048_576, ' (bytes)').optional(),
  }).optional(),
});
const operationSchema = group({ signal });
const pollSchema = group({ signal, multishot: flag });
const recvSchema = group({ signal, all: flag });
const multishotSchema = group({
  signal,
  highWaterMark: integer(1, 2 ** 31 - 1, ' (bytes)').optional(),
});

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseRingOptions(input: RingOptions = {}): ResolvedRingOptions {
  const given = parseWith(ringSchema, input);
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
  return input === undefined ? NONE : parseWith(operationSchema, input);
}

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parsePollOptions(
  input: (RingOperationOptions & { readonly multishot?: boolean | undefined }) | undefined,
): RingOperationOptions & { readonly multishot?: boolean | undefined } {
  return input === undefined ? NONE : parseWith(pollSchema, input);
}

/** Nothing but `all`: what a schema costs would be half of what receiving does. */
function isPlain(input: RecvOptions): boolean {
  if (typeof input !== 'object' || input === null || typeof input.all !== 'boolean') return false;
  for (const name in input) if (name !== 'all') return false;
  return true;
}

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseRecvOptions(input: RecvOptions | undefined): RecvOptions {
  return input === undefined || isPlain(input) ? (input ?? NONE) : parseWith(recvSchema, input);
}

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseMultishotOptions(input: RecvMultishotOptions | undefined): {
  readonly signal: AbortSignal | undefined;
  readonly highWaterMark: number;
} {
  const given = parseWith(multishotSchema, input ?? {});
  return { signal: given.signal, highWaterMark: given.highWaterMark ?? 262_144 };
}

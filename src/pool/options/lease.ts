import { z } from 'zod';
import { group, integer, parseWith } from './schema.js';

/** Options of `connection.lease()` and of those like it. */
export interface LeaseOptions {
  /** How long the lease may be waited for. Milliseconds; default: the pool's `lease.timeout`. */
  readonly timeout?: number | undefined;
  /** Gives up waiting. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long it may be held; then it is revoked, once the operation in flight has ended.
   * Milliseconds; default: the pool's `lease.maxHold`.
   */
  readonly maxHold?: number | undefined;
  /**
   * `'frame'`: it begins only where the incoming stream stands between two WebSocket frames.
   * Default: `'any'`; `lease.leftover` then holds what has been read of an unfinished one.
   */
  readonly boundary?: 'any' | 'frame' | undefined;
  /** A name for warnings and errors. */
  readonly label?: string | undefined;
}

/** Defaults of all leases of a pool. */
export interface PoolLeaseOptions {
  /** How long a lease may be waited for. Milliseconds; default: 30,000. */
  timeout?: number | undefined;
  /** How long one may be held. Milliseconds; default: for ever. */
  maxHold?: number | undefined;
  /** Reports leases that are held for longer than this. Milliseconds; default: never. */
  leakDetectionThreshold?: number | undefined;
}

export interface ResolvedLeaseOptions {
  readonly timeout: number;
  readonly maxHold: number | undefined;
  readonly leakDetectionThreshold: number | undefined;
}

export interface ResolvedLeaseTerms {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly maxHold: number | undefined;
  readonly boundary: 'any' | 'frame';
  readonly label: string | undefined;
}

const LONGEST = 2 ** 31 - 1;
const milliseconds = (min: number) => integer(min, LONGEST, ' (milliseconds)').optional();

const isSignal = (value: unknown) => value instanceof AbortSignal;

const schema = group({
  timeout: milliseconds(0),
  signal: z.custom<AbortSignal>(isSignal, 'an AbortSignal').optional(),
  maxHold: milliseconds(1),
  boundary: z.enum(['any', 'frame'], '"any" or "frame"').optional(),
  label: z.string('a string').max(200, 'a string of at most 200 characters').optional(),
});

export const poolLeaseSchema = group({
  timeout: milliseconds(0),
  maxHold: milliseconds(1),
  leakDetectionThreshold: milliseconds(1),
});

export function resolvePoolLease(given: PoolLeaseOptions = {}): ResolvedLeaseOptions {
  return {
    timeout: given.timeout ?? 30_000,
    maxHold: given.maxHold,
    leakDetectionThreshold: given.leakDetectionThreshold,
  };
}

/** What leases without options are taken with, for each pool: made once. */
const plain = new WeakMap<ResolvedLeaseOptions, ResolvedLeaseTerms>();

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseLeaseOptions(
  input: LeaseOptions | undefined,
  defaults: ResolvedLeaseOptions,
): ResolvedLeaseTerms {
  if (input !== undefined) return resolve(parseWith(schema, input), defaults);
  let terms = plain.get(defaults);
  if (terms === undefined) {
    terms = resolve({}, defaults);
    plain.set(defaults, terms);
  }
  return terms;
}

function resolve(given: LeaseOptions, defaults: ResolvedLeaseOptions): ResolvedLeaseTerms {
  return {
    timeout: given.timeout ?? defaults.timeout,
    signal: given.signal,
    maxHold: given.maxHold ?? defaults.maxHold,
    boundary: given.boundary ?? 'any',
    label: given.label,
  };
}

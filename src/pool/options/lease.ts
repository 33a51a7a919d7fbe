import { createError, type LwsPoolError } from '../errors.js';
import { describe } from './describe.js';
import { hintFor } from './suggest.js';

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

interface Check {
  readonly takes: string;
  readonly fits: (value: unknown) => boolean;
}

const LONGEST = 2 ** 31 - 1;
const LONGEST_LABEL = 200;

const milliseconds = (min: number): Check => ({
  takes: `an integer from ${min} to ${LONGEST} (milliseconds)`,
  fits: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= LONGEST,
});

const CHECKS: Readonly<Record<string, Check>> = {
  timeout: milliseconds(0),
  signal: { takes: 'an AbortSignal', fits: (value) => value instanceof AbortSignal },
  maxHold: milliseconds(1),
  boundary: { takes: '"any" or "frame"', fits: (value) => value === 'any' || value === 'frame' },
  label: {
    takes: `a string of at most ${LONGEST_LABEL} characters`,
    fits: (value) => typeof value === 'string' && value.length <= LONGEST_LABEL,
  },
} satisfies Record<keyof LeaseOptions, Check>;

/** By hand: handlers give these options too, and workers are to do without zod. */
function check(input: LeaseOptions): LeaseOptions {
  const given: unknown = input;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid('options', given, 'an object of options');
  }
  for (const [name, value] of Object.entries(given)) {
    const known = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
    if (known === undefined) {
      const hint = hintFor(name, Object.keys(CHECKS));
      throw createError('ERR_INVALID_OPTION', { option: name, hint });
    }
    if (value !== undefined && !known.fits(value)) throw invalid(name, value, known.takes);
  }
  return input;
}

function invalid(option: string, value: unknown, takes: string): LwsPoolError {
  return createError('ERR_INVALID_OPTION', { option, got: describe(value), takes });
}

/** What leases without options are taken with, for each pool: made once. */
const plain = new WeakMap<ResolvedLeaseOptions, ResolvedLeaseTerms>();

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseLeaseOptions(
  input: LeaseOptions | undefined,
  defaults: ResolvedLeaseOptions,
): ResolvedLeaseTerms {
  if (input !== undefined) return resolve(check(input), defaults);
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

import { group, integer, parseWith, signal, text, word } from './schema.js';

/** Options of `connection.lease()` and of those like it. */
export interface LeaseOptions {
  /** How long to wait for the lease. Milliseconds; default: the pool's `lease.timeout`. */
  readonly timeout?: number | undefined;
  /** Ends the wait; if it is aborted already, no lease is taken. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long the lease may be held; then it expires, once the operation in flight has ended.
   * Milliseconds; default: the pool's `lease.maxHold`.
   */
  readonly maxHold?: number | undefined;
  /**
   * `'frame'`: the lease begins only when the incoming stream is between two WebSocket frames. Default:
   * `'any'`; `lease.leftover` then has the bytes already read of an unfinished frame.
   */
  readonly boundary?: 'any' | 'frame' | undefined;
  /** A name for warnings and errors. */
  readonly label?: string | undefined;
}

export interface ResolvedLeaseOptions {
  readonly timeout: number;
  readonly maxHold: number | undefined;
  readonly leakDetectionThreshold: number | undefined;
  readonly detectDeadlocks: boolean;
}

export interface ResolvedLeaseTerms {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly maxHold: number | undefined;
  readonly boundary: 'any' | 'frame';
  readonly label: string | undefined;
  /** It does not count as a lease, and nobody is told of it. */
  readonly quiet: boolean;
}

/** Of the leases that monitoring takes for itself. */
export const LOOK: ResolvedLeaseTerms = Object.freeze({
  ...{ timeout: 0, signal: undefined, maxHold: undefined },
  ...{ boundary: 'any', label: undefined, quiet: true },
} as const);

const LONGEST = 2 ** 31 - 1;
const milliseconds = (min: number) => integer(min, LONGEST, ' (milliseconds)');

const check = group({
  timeout: milliseconds(0),
  signal: signal,
  maxHold: milliseconds(1),
  boundary: word('any', 'frame'),
  label: text(200),
});

/** What leases without options are taken with, for each pool: made once. */
const plain = new WeakMap<ResolvedLeaseOptions, ResolvedLeaseTerms>();

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseLeaseOptions(
  input: LeaseOptions | undefined,
  defaults: ResolvedLeaseOptions,
): ResolvedLeaseTerms {
  if (input !== undefined) return resolve(parseWith(check, input), defaults);
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
    quiet: false,
  };
}

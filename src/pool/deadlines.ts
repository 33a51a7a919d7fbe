import { createError, type LwsPoolError } from '../errors/errors.js';

/**
 * What the main thread says where a worker does not answer. Times in milliseconds, of
 * monotonicNow().
 */

/** An opening as its worker has it. */
export interface OpeningTerms {
  readonly timeout: number;
  /** Its signal has aborted, or the pool is being closed. */
  readonly givenUp: boolean;
  /** When the worker began it; 0: it has not, or nobody knows. */
  readonly begun: number;
  /** When the worker got it. */
  readonly handed: number;
}

/**
 * Why an opening is over; undefined while it is not.
 *
 * @param since when the worker fell silent. What it had not begun by then counts from there: waiting
 *   for a place among the handshakes is no part of `timeout`
 */
export function openingOverdue(
  { timeout, givenUp, begun, handed }: OpeningTerms,
  known: Readonly<Record<string, string>>,
  worker: number,
  since: number,
  now: number,
): LwsPoolError | undefined {
  if (givenUp) return createError('ERR_ABORTED', known);
  const from = begun > 0 ? begun : Math.max(since, handed);
  if (now - from < timeout) return undefined;
  const details = { ...known, worker, timeout, phase: 'worker' };
  return createError('ERR_HANDSHAKE_TIMEOUT', details as never);
}

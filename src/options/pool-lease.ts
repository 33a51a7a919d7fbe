import type { ResolvedLeaseOptions } from './lease.js';
import { group, integer } from './schema.js';

/** Defaults of all leases of a pool. */
export interface PoolLeaseOptions {
  /** How long a lease may be waited for. Milliseconds; default: 30,000. */
  timeout?: number | undefined;
  /** How long one may be held. Milliseconds; default: for ever. */
  maxHold?: number | undefined;
  /** Reports leases that are held for longer than this. Milliseconds; default: never. */
  leakDetectionThreshold?: number | undefined;
}

const milliseconds = (min: number) => integer(min, 2 ** 31 - 1, ' (milliseconds)');

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

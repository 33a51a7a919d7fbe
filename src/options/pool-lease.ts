import type { ResolvedLeaseOptions } from './lease.js';
import { flag, group, integer } from './schema.js';

/** Defaults of all leases of a pool. */
export interface PoolLeaseOptions {
  /** How long to wait for a lease. Milliseconds; default: 30,000. */
  timeout?: number | undefined;
  /** How long a lease may be held. Milliseconds; default: no limit. */
  maxHold?: number | undefined;
  /** Reports leases held for longer than this. Milliseconds; default: none. */
  leakDetectionThreshold?: number | undefined;
  /**
   * Refuses a lease that would wait for one which the same code holds, with ERR_LEASE_DEADLOCK. Default:
   * false; such a wait then ends with its `timeout`. See docs/leases.md for the cost.
   */
  detectDeadlocks?: boolean | undefined;
}

const milliseconds = (min: number) => integer(min, 2 ** 31 - 1, ' (milliseconds)');

export const poolLeaseSchema = group({
  timeout: milliseconds(0),
  maxHold: milliseconds(1),
  leakDetectionThreshold: milliseconds(1),
  detectDeadlocks: flag,
});

export function resolvePoolLease(given: PoolLeaseOptions = {}): ResolvedLeaseOptions {
  return {
    timeout: given.timeout ?? 30_000,
    maxHold: given.maxHold,
    leakDetectionThreshold: given.leakDetectionThreshold,
    detectDeadlocks: given.detectDeadlocks ?? false,
  };
}

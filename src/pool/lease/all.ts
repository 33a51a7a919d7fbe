import { createError } from '../errors.js';
import type { ResolvedLeaseTerms } from '../options.js';
import type { Lease } from './lease.js';
import type { Leasing } from './leasing.js';

/**
 * Leases on several connections, all of them or none. Whoever takes several takes them in the same
 * order, so that two callers never wait for each other.
 */
export async function leaseAll(
  leasings: readonly Leasing[],
  exclusive: boolean,
  terms: ResolvedLeaseTerms,
  origin: object,
): Promise<Lease[]> {
  const order = leasings.map((leasing, index) => ({ leasing, index }));
  order.sort((a, b) => a.leasing.comparedTo(b.leasing));
  const leases = new Array<Lease>(leasings.length);
  const deadline = performance.now() + terms.timeout;
  try {
    let previous: Leasing | undefined;
    for (const { leasing, index } of order) {
      if (leasing === previous) throw twice(leasing);
      previous = leasing;
      leases[index] =
        leasing.take(exclusive, terms, origin) ??
        (await leasing.request(
          exclusive,
          { ...terms, timeout: Math.max(0, deadline - performance.now()) },
          origin,
        ));
    }
    return leases;
  } catch (error) {
    for (const lease of leases) lease?.release();
    throw error;
  }
}

function twice(leasing: Leasing) {
  return createError('ERR_INVALID_ARGUMENT', {
    argument: 'connections',
    got: `connection ${leasing.connection.id} twice`,
    takes: 'connections that are open, each once',
  });
}

import { Connection } from '../connection.js';
import { createError } from '../errors.js';
import { describe } from '../options/describe.js';
import { type LeaseOptions, parseLeaseOptions, type ResolvedLeaseOptions } from '../options.js';
import type { Lease } from './lease.js';
import { isExclusive, type LeaseMode, type Leasing } from './leasing.js';
import { originOf } from './origin.js';

interface Wanted {
  readonly leasing: Leasing;
  /** In the caller's list. */
  readonly index: number;
}

/**
 * Leases on several connections, all of them or none. Whoever takes several takes them in the same
 * order, so that two callers never wait for each other.
 */
export async function leaseAll(
  connections: Iterable<Connection>,
  mode: LeaseMode,
  options: LeaseOptions | undefined,
  defaults: ResolvedLeaseOptions,
): Promise<Lease[]> {
  const exclusive = isExclusive(mode);
  const terms = parseLeaseOptions(options, defaults);
  const wanted = inOrder(connections);
  const origin = originOf(leaseAll, true);
  const leases = new Array<Lease | undefined>(wanted.length).fill(undefined);
  const deadline = performance.now() + terms.timeout;
  try {
    for (const { leasing, index } of wanted) {
      leases[index] = leasing.take(exclusive, terms, origin);
      if (leases[index] !== undefined) continue;
      const timeout = Math.max(0, deadline - performance.now());
      leases[index] = await leasing.request(exclusive, { ...terms, timeout }, origin);
    }
  } catch (error) {
    for (const lease of leases) lease?.release();
    throw error;
  }
  return leases as Lease[];
}

function inOrder(connections: Iterable<Connection>): Wanted[] {
  if (typeof connections?.[Symbol.iterator] !== 'function') throw wrong(describe(connections));
  const wanted: Wanted[] = [];
  for (const connection of connections) {
    if (!(connection instanceof Connection)) throw wrong(describe(connection));
    wanted.push({ leasing: connection.leasing, index: wanted.length });
  }
  wanted.sort((a, b) => a.leasing.comparedTo(b.leasing));
  for (const [index, { leasing }] of wanted.entries()) {
    if (leasing === wanted[index - 1]?.leasing) {
      throw wrong(`connection ${leasing.connection.id} twice`);
    }
  }
  return wanted;
}

function wrong(got: string) {
  return createError('ERR_INVALID_ARGUMENT', {
    argument: 'connections',
    got,
    takes: 'connections of this pool, each once',
  });
}

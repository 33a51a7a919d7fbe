import { describe } from '../base/describe.js';
import { createError, LwsPoolError } from '../errors/errors.js';
import { type ConnectionLeases, isExclusive } from '../lease/connection-leases.js';
import type { Lease } from '../lease/lease.js';
import type { LeaseMode } from '../lease/observation.js';
import { type Origin, originOf } from '../lease/origin.js';
import { LeaseScope } from '../lease/scope.js';
import {
  type LeaseOptions,
  parseLeaseOptions,
  type ResolvedLeaseOptions,
} from '../options/lease.js';
import { EXCEPTION } from '../options/rejection.js';
import { Connection } from './connection.js';
import { CORE } from './internal.js';

interface Wanted {
  readonly leases: ConnectionLeases<Connection>;
  /** In the caller's list. */
  readonly index: number;
}

/**
 * Leases on several connections, all of them or none. Whoever takes several takes them in the same
 * order, so that two callers never wait for each other.
 */
export function leaseAll(
  connections: Iterable<Connection>,
  mode: LeaseMode,
  options: LeaseOptions | undefined,
  defaults: ResolvedLeaseOptions,
): Promise<Lease<Connection>[]> {
  const origin = originOf(leaseAll, true);
  // Whoever awaits this holds them all.
  const scope = defaults.detectDeadlocks ? new LeaseScope() : undefined;
  const take = () => takeAll(connections, mode, options, defaults, origin, scope);
  return scope === undefined ? take() : scope.promise(take);
}

async function takeAll(
  connections: Iterable<Connection>,
  mode: LeaseMode,
  options: LeaseOptions | undefined,
  defaults: ResolvedLeaseOptions,
  origin: Origin,
  scope: LeaseScope | undefined,
): Promise<Lease<Connection>[]> {
  const taken: (Lease<Connection> | undefined)[] = [];
  try {
    const exclusive = isExclusive(mode);
    const terms = parseLeaseOptions(options, defaults);
    const wanted = inOrder(connections);
    taken.length = wanted.length;
    const deadline = performance.now() + terms.timeout;
    for (const { leases, index } of wanted) {
      taken[index] = leases.take({ exclusive, terms, origin, scope });
      if (taken[index] !== undefined) continue;
      const timeout = Math.max(0, Math.ceil(deadline - performance.now()));
      const rest = { ...terms, timeout };
      taken[index] = await leases.request({ exclusive, terms: rest, origin, scope });
    }
  } catch (error) {
    for (const lease of taken) lease?.release();
    throw error;
  } finally {
    scope?.complete();
  }
  return taken as Lease<Connection>[];
}

function inOrder(connections: Iterable<Connection>): Wanted[] {
  const wanted: Wanted[] = [];
  try {
    if (typeof connections?.[Symbol.iterator] !== 'function') throw wrong(describe(connections));
    for (const connection of connections) {
      if (!(connection instanceof Connection)) throw wrong(describe(connection));
      wanted.push({ leases: connection[CORE].leases(connection), index: wanted.length });
    }
  } catch (cause) {
    // To iterate is the caller's own code.
    throw cause instanceof LwsPoolError ? cause : wrong(EXCEPTION, { cause });
  }
  wanted.sort((a, b) => a.leases.comparedTo(b.leases));
  for (const [index, { leases }] of wanted.entries()) {
    if (leases === wanted[index - 1]?.leases) {
      throw wrong(`connection ${leases.connection.id} twice`);
    }
  }
  return wanted;
}

function wrong(got: string, options?: ErrorOptions) {
  const details = { argument: 'connections', got, takes: 'connections of this pool, each once' };
  return createError('ERR_INVALID_ARGUMENT', details, options);
}

import { describe } from '../base/describe.js';
import { createError, LwsPoolError } from '../errors/errors.js';
import { Grantor } from '../lease/context.js';
import type { Lease } from '../lease/lease.js';
import { isExclusive, type Leasing } from '../lease/leasing.js';
import type { LeaseMode } from '../lease/observation.js';
import { type Origin, originOf } from '../lease/origin.js';
import type { LeaseState } from '../lease/state.js';
import {
  type LeaseOptions,
  parseLeaseOptions,
  type ResolvedLeaseOptions,
} from '../options/lease.js';
import { EXCEPTION } from '../options/rejection.js';
import { Connection } from './connection.js';

interface Wanted {
  readonly leasing: Leasing<Connection>;
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
  // Whoever awaits this holds them all.
  const grantor = new Grantor();
  const origin = originOf(leaseAll, true);
  return grantor.promise(() => take(connections, mode, options, defaults, origin, grantor));
}

async function take(
  connections: Iterable<Connection>,
  mode: LeaseMode,
  options: LeaseOptions | undefined,
  defaults: ResolvedLeaseOptions,
  origin: Origin,
  grantor: Grantor,
): Promise<Lease<Connection>[]> {
  const held: LeaseState[] = [];
  let left = 0;
  let all = false;
  grantor.grants({
    get over() {
      return left === 0;
    },
    blocks: (leasing, exclusively) => held.some((one) => one.blocks(leasing, exclusively)),
  });
  const noted = (state: LeaseState) => {
    held.push(state);
    left++;
    const ended = state.onEnd;
    state.onEnd = () => {
      ended?.();
      if (--left === 0 && all) grantor.end();
    };
  };
  const leases: (Lease<Connection> | undefined)[] = [];
  try {
    const exclusive = isExclusive(mode);
    const terms = parseLeaseOptions(options, defaults);
    const wanted = inOrder(connections);
    leases.length = wanted.length;
    const deadline = performance.now() + terms.timeout;
    for (const { leasing, index } of wanted) {
      leases[index] = leasing.take(exclusive, terms, origin, noted);
      if (leases[index] !== undefined) continue;
      const timeout = Math.max(0, Math.ceil(deadline - performance.now()));
      leases[index] = await leasing.request(exclusive, { ...terms, timeout }, origin, noted);
    }
    all = true;
    if (left === 0) grantor.end();
  } catch (error) {
    for (const lease of leases) lease?.release();
    grantor.end();
    throw error;
  }
  return leases as Lease<Connection>[];
}

function inOrder(connections: Iterable<Connection>): Wanted[] {
  const wanted: Wanted[] = [];
  try {
    if (typeof connections?.[Symbol.iterator] !== 'function') throw wrong(describe(connections));
    for (const connection of connections) {
      if (!(connection instanceof Connection)) throw wrong(describe(connection));
      wanted.push({ leasing: connection.leasing, index: wanted.length });
    }
  } catch (cause) {
    // To iterate is the caller's own code.
    throw cause instanceof LwsPoolError ? cause : wrong(EXCEPTION, { cause });
  }
  wanted.sort((a, b) => a.leasing.comparedTo(b.leasing));
  for (const [index, { leasing }] of wanted.entries()) {
    if (leasing === wanted[index - 1]?.leasing) {
      throw wrong(`connection ${leasing.connection.id} twice`);
    }
  }
  return wanted;
}

function wrong(got: string, options?: ErrorOptions) {
  const details = { argument: 'connections', got, takes: 'connections of this pool, each once' };
  return createError('ERR_INVALID_ARGUMENT', details, options);
}

import { type Link, OPEN } from '../channel/link.js';
import { Event } from '../channel/record.js';
import { argumentError } from '../errors/argument-error.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import {
  type LeaseOptions,
  LOOK,
  parseLeaseOptions,
  type ResolvedLeaseTerms,
} from '../options/lease.js';
import { aborted, LeaseAdmission } from './admission.js';
import type { LeaseCoordinator } from './coordinator.js';
import { LeaseHandle } from './handle.js';
import { refuseInBio } from './in-bio.js';
import { MAKE } from './internal.js';
import { Lease } from './lease.js';
import { LeasedConnection } from './leased.js';
import type { LeaseMode, LeaseObservation } from './observation.js';
import { type Origin, originOf } from './origin.js';
import { BUSY, CLOSED, refusalError } from './outcome.js';
import { LeaseScope, waitsForItself } from './scope.js';
import { LeaseState } from './state.js';

/** The user's way in: what called it is where a lease was taken. */
type Caller = (...given: never[]) => unknown;

/** A lease that is asked for. */
interface Asked {
  readonly exclusive: boolean;
  readonly terms: ResolvedLeaseTerms;
  readonly origin: Origin;
  readonly scope?: LeaseScope | undefined;
}

/**
 * The way to a lease of one thread on one connection: what is asked for is checked here, admission.ts
 * says when it may be had, state.ts is the right to the connection, and handle.ts is the use of it.
 */
export class ConnectionLeases<Leased extends { readonly id: string } = { readonly id: string }> {
  readonly connection: Leased;
  readonly #leased: LeasedConnection;
  readonly #admission: LeaseAdmission;

  constructor(connection: Leased, link: Link, coordinator: LeaseCoordinator) {
    this.connection = connection;
    this.#leased = new LeasedConnection(connection, link, coordinator);
    this.#admission = new LeaseAdmission(this.#leased);
  }

  /** Where this connection stands in the one order in which several are leased. */
  comparedTo(other: ConnectionLeases): number {
    const [one, two] = [this.#leased, other.#leased];
    return (
      one.coordinator.channel - two.coordinator.channel ||
      one.slot - two.slot ||
      one.generation - two.generation
    );
  }

  /** A lease at once, or undefined where it would have to be waited for. */
  try(
    mode: LeaseMode,
    options?: LeaseOptions,
    caller: Caller = this.try,
  ): Lease<Leased> | undefined {
    const asked = this.#asked(mode, options, caller);
    const { signal } = asked.terms;
    if (signal?.aborted) throw aborted(this.connection.id, signal);
    return this.take(asked);
  }

  lease(
    mode: LeaseMode,
    options?: LeaseOptions,
    caller: Caller = this.lease,
  ): Promise<Lease<Leased>> {
    try {
      return this.request(this.#asked(mode, options, caller));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** With a function, or with options and a function. */
  async with(caller: Caller, mode: LeaseMode, ...rest: unknown[]): Promise<unknown> {
    const run = rest.length > 1 ? rest[1] : rest[0];
    const options = rest.length > 1 ? (rest[0] as LeaseOptions | undefined) : undefined;
    if (typeof run !== 'function') {
      throw argumentError('fn', run, 'a function that is called with the lease');
    }
    const lease = await this.lease(mode, options, caller);
    try {
      return await run(lease);
    } finally {
      lease.release();
    }
  }

  /** At once: for a handler, on the worker's own thread. */
  now(mode: LeaseMode, options: LeaseOptions | undefined, caller: Caller): Lease<Leased> {
    const lease = this.try(mode, options, caller);
    if (lease !== undefined) return lease;
    throw createError('ERR_LEASE_BUSY', { connection: this.connection.id });
  }

  /** A look at what a shared lease shows, if there is one at once; it does not count as a lease. */
  look<Seen>(see: (lease: Lease<Leased>) => Seen): Seen | undefined {
    const lease = this.take({ exclusive: false, terms: LOOK, origin: {} });
    try {
      return lease && see(lease);
    } finally {
      lease?.release();
    }
  }

  /** Waits for it. Without a scope of its own, the promise is one, if deadlocks are looked for. */
  request(asked: Asked): Promise<Lease<Leased>> {
    const { exclusive, terms } = asked;
    const connection = this.connection.id;
    if (terms.signal?.aborted) return Promise.reject(aborted(connection, terms.signal));
    if (waitsForItself(this.#leased, exclusive)) {
      const details = { connection, label: terms.label };
      return Promise.reject(createError('ERR_LEASE_DEADLOCK', details));
    }
    const detects = this.#leased.coordinator.options.detectDeadlocks;
    const own = detects && asked.scope === undefined ? new LeaseScope() : undefined;
    const scoped = own === undefined ? asked : { ...asked, scope: own };
    let wait: () => Promise<Lease<Leased>>;
    try {
      const lease = this.take(scoped);
      if (lease !== undefined) own?.complete();
      wait = lease === undefined ? this.#wait(scoped, own) : () => Promise.resolve(lease);
    } catch (error) {
      own?.complete();
      throw error;
    }
    return own === undefined ? wait() : own.promise(wait);
  }

  /** It, or undefined where it would have to be waited for. */
  take(asked: Asked): Lease<Leased> | undefined {
    refuseInBio();
    if (this.#leased.link.readyState !== OPEN) throw this.#leased.closedError();
    const token = this.#admission.try(asked.exclusive, asked.terms);
    if (token === BUSY) return undefined;
    return this.#granted(token, asked, 0);
  }

  /** A record of the worker that is about leases. */
  onRecord(type: number, payload: Buffer, aux: number): void {
    if (type === Event.leased) this.#onLeased(aux, payload.readDoubleLE());
    else if (type === Event.leaseExpired) this.#onExpired(payload.readDoubleLE());
  }

  /** The connection is over, and so is every lease on it. */
  onClosed(cause: LwsPoolError | undefined): void {
    for (const state of this.#admission.held) {
      state.cause = cause;
      state.end('revoked');
    }
    this.#admission.close(this.#leased.closedError(cause));
  }

  /** The connection is being terminated: its leases do not wait for the worker to do it. */
  revoke(): void {
    for (const state of this.#admission.held) state.end('revoked');
  }

  #asked(mode: LeaseMode, options: LeaseOptions | undefined, caller: Caller): Asked {
    const defaults = this.#leased.coordinator.options;
    const exclusive = isExclusive(mode);
    const terms = parseLeaseOptions(options, defaults);
    const origin = originOf(caller, defaults.leakDetectionThreshold !== undefined);
    return { exclusive, terms, origin };
  }

  /** Tells of the request, and returns the call that makes the promise: nothing else, see LeaseScope. */
  #wait(asked: Asked, own: LeaseScope | undefined): () => Promise<Lease<Leased>> {
    const { exclusive, terms } = asked;
    const { trace } = this.#leased.coordinator;
    const { connection } = this;
    const request = { connection, mode: modeOf(exclusive), label: terms.label };
    const since = performance.now();
    const observation = this.#observe(asked);
    trace.requested(request);
    return () =>
      new Promise((resolve, reject) => {
        this.#admission.wait(exclusive, terms, {
          granted: (token) => {
            const lease = this.#granted(token, asked, performance.now() - since, observation);
            own?.complete();
            resolve(lease);
          },
          failed: (error) => {
            own?.complete();
            trace.failed(request, error, since);
            observation?.failed(error);
            reject(error);
          },
        });
      });
  }

  #granted(
    token: number,
    asked: Asked,
    waited: number,
    observation?: LeaseObservation,
  ): Lease<Leased> {
    const { count, coordinator } = this.#leased;
    if (token === CLOSED) throw this.#leased.closedError();
    if (token < 0) throw refusalError(token, this.connection.id);
    const { exclusive, origin, scope } = asked;
    const { label, maxHold, quiet } = asked.terms;
    const state = new LeaseState(this.#leased, {
      exclusive,
      token,
      label,
      maxHold,
      origin,
      scope,
      began: quiet ? 0 : (count?.began(waited) ?? performance.now()),
      observation: observation ?? this.#observe(asked),
      onEnd: this.#admission.leave,
    });
    state.observation?.granted();
    this.#admission.admit(state);
    const handle = new LeaseHandle(state);
    coordinator.leaks.began(state, handle);
    scope?.add(state);
    if (state.began > 0) coordinator.trace.granted(state, waited);
    return Lease[MAKE](this.connection, handle);
  }

  #observe({ exclusive, terms }: Asked): LeaseObservation | undefined {
    const { label, quiet } = terms;
    if (quiet) return undefined;
    const connection = this.connection.id;
    return this.#leased.coordinator.observe?.({ connection, mode: modeOf(exclusive), label });
  }

  #onLeased(request: number, tokenOrRefusal: number): void {
    if (this.#admission.onAnswer(request, tokenOrRefusal) || tokenOrRefusal <= 0) return;
    // Nobody waits for it any more.
    const { native, slot, generation } = this.#leased;
    if (native.release(slot, generation, tokenOrRefusal, -1) === 1) this.#leased.closing();
  }

  #onExpired(token: number): void {
    for (const state of this.#admission.held) {
      if (state.token === token) state.end('expired');
    }
  }
}

function modeOf(exclusive: boolean): LeaseMode {
  return exclusive ? 'exclusive' : 'shared';
}

export function isExclusive(mode: unknown): boolean {
  if (mode === 'exclusive') return true;
  if (mode === 'shared') return false;
  throw argumentError('mode', mode, '"shared" or "exclusive"');
}

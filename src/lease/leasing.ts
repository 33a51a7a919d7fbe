import { describe } from '../base/describe.js';
import { type Link, OPEN } from '../channel/link.js';
import { Command, Event, FLAG_EXCLUSIVE, FLAG_FRAME } from '../channel/record.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { NativeLeases } from '../native.js';
import {
  type LeaseOptions,
  LOOK,
  parseLeaseOptions,
  type ResolvedLeaseTerms,
} from '../options/lease.js';
import { bioScope } from './bio-scope.js';
import { Grantor, waitsForItself } from './context.js';
import type { LeaseCoordinator } from './coordinator.js';
import { type LeaseCount, leaseCount } from './count.js';
import { LeaseHandle } from './handle.js';
import { refuseInBio } from './in-bio.js';
import { Lease } from './lease.js';
import type { Ending, LeaseMode, LeaseObservation } from './observation.js';
import { type Origin, originOf } from './origin.js';
import { BUSY, CLOSED, NOT_HELD, refusalError } from './outcome.js';
import { aborted, LeaseQueue, type Lender } from './queue.js';
import { type LeaseHome, LeaseState } from './state.js';
import type { Wanted } from './trace.js';

/** By how much the clocks that a lease is measured with may differ. Milliseconds. */
const CLOCK = 5;

/** Told of a lease that is granted, before anybody has it. */
type Noted = (state: LeaseState) => void;

/** A connection, on the main thread or in a handler. */
interface Leasable {
  readonly id: string;
}

/** The user's way in: what called it is where a lease was taken. */
type Caller = (...given: never[]) => unknown;

/**
 * The leases on one connection that one thread has and waits for. Who may have one is decided in
 * native code, between all threads.
 */
export class Leasing<Leased extends Leasable = Leasable> implements Lender, LeaseHome {
  readonly connection: Leased;
  readonly #link: Link;
  readonly #coordinator: LeaseCoordinator;
  readonly #held = new Set<LeaseState>();
  #exclusive = 0;
  #queue: LeaseQueue | undefined;
  readonly #count: LeaseCount | undefined;

  constructor(connection: Leased, link: Link, coordinator: LeaseCoordinator) {
    this.connection = connection;
    this.#link = link;
    this.#coordinator = coordinator;
    this.#count = leaseCount(link.figures, coordinator.side, coordinator.durations);
  }

  get native(): NativeLeases {
    return this.#coordinator.native;
  }

  get side(): 'main' | 'handler' {
    return this.#coordinator.side;
  }

  get slot(): number {
    return this.#link.slot;
  }

  get generation(): number {
    return this.#link.generation;
  }

  /** Where this connection stands in the one order in which several are leased. */
  comparedTo(other: Leasing): number {
    return (
      this.#coordinator.channel - other.#coordinator.channel ||
      this.slot - other.slot ||
      this.generation - other.generation
    );
  }

  /** A lease at once, or undefined where it would have to be waited for. */
  try(
    mode: LeaseMode,
    options?: LeaseOptions,
    caller: Caller = this.try,
  ): Lease<Leased> | undefined {
    const exclusive = isExclusive(mode);
    const terms = this.#terms(options);
    if (terms.signal?.aborted) throw aborted(this.connection.id, terms.signal);
    return this.take(exclusive, terms, this.#origin(caller));
  }

  lease(
    mode: LeaseMode,
    options?: LeaseOptions,
    caller: Caller = this.lease,
  ): Promise<Lease<Leased>> {
    try {
      const exclusive = isExclusive(mode);
      return this.request(exclusive, this.#terms(options), this.#origin(caller));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** With a function, or with options and a function. */
  async with(caller: Caller, mode: LeaseMode, ...rest: unknown[]): Promise<unknown> {
    const run = rest.length > 1 ? rest[1] : rest[0];
    const options = rest.length > 1 ? (rest[0] as LeaseOptions | undefined) : undefined;
    if (typeof run !== 'function') {
      throw createError('ERR_INVALID_ARGUMENT', {
        argument: 'fn',
        got: describe(run),
        takes: 'a function that is called with the lease',
      });
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
    const lease = this.take(false, LOOK, {});
    try {
      return lease && see(lease);
    } finally {
      lease?.release();
    }
  }

  /** @internal The rest is what the classes beside this one need. */
  request(
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    origin: Origin,
    also?: Noted,
  ): Promise<Lease<Leased>> {
    if (terms.signal?.aborted) return Promise.reject(aborted(this.connection.id, terms.signal));
    if (waitsForItself(this, exclusive)) {
      return Promise.reject(
        createError('ERR_LEASE_DEADLOCK', { connection: this.connection.id, label: terms.label }),
      );
    }
    const grantor = new Grantor();
    const noted: Noted = (state) => {
      grantor.grants(state);
      state.onEnd = grantor.ender();
      also?.(state);
    };
    const lease = this.take(exclusive, terms, origin, noted);
    if (lease !== undefined) return grantor.promise(() => Promise.resolve(lease));
    this.#queue ??= new LeaseQueue(this);
    const queue = this.#queue;
    const { trace } = this.#coordinator;
    const { label } = terms;
    const wanted: Wanted = { connection: this.connection, mode: modeOf(exclusive), label };
    const asked = performance.now();
    const observation = this.#observe(exclusive, terms);
    const granted = (token: number) => {
      const waited = performance.now() - asked;
      return this.#granted(token, exclusive, terms, origin, waited, noted, observation);
    };
    const gaveUp = (error: LwsPoolError) => {
      grantor.end();
      trace.failed(wanted, error, asked);
      observation?.failed(error);
    };
    trace.requested(wanted);
    return grantor.promise(() => queue.wait(exclusive, terms, granted, gaveUp));
  }

  take(
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    origin: Origin,
    noted?: Noted,
  ): Lease<Leased> | undefined {
    refuseInBio();
    if (this.#link.readyState !== OPEN) throw this.#closedError();
    if (this.#queue?.isEmpty === false || !this.isFree(exclusive)) return undefined;
    const token = this.takeNow(exclusive, terms);
    if (token === BUSY) return undefined;
    return this.#granted(token, exclusive, terms, origin, 0, noted);
  }

  /** A record of the worker that is about leases. */
  onRecord(type: number, payload: Buffer, aux: number): void {
    if (type === Event.leased) this.#onLeased(aux, payload.readDoubleLE());
    else if (type === Event.leaseExpired) this.#onExpired(payload.readDoubleLE());
  }

  #onLeased(request: number, tokenOrRefusal: number): void {
    if (this.#queue?.onAnswer(request, tokenOrRefusal) === true) return;
    if (tokenOrRefusal > 0) this.#giveBack(tokenOrRefusal, -1);
  }

  #onExpired(token: number): void {
    for (const state of this.#held) {
      if (state.token === token) this.end(state, 'expired');
    }
  }

  /** The connection is over, and so is every lease on it. */
  onClosed(cause: LwsPoolError | undefined): void {
    for (const state of this.#held) {
      state.cause = cause;
      this.end(state, 'revoked');
    }
    this.#queue?.end(this.#closedError(cause));
  }

  /** The connection is being terminated: its leases do not wait for the worker to do it. */
  revoke(): void {
    for (const state of this.#held) this.end(state, 'revoked');
  }

  /** Any number of times; the first counts. */
  end(state: LeaseState, ending: Ending): void {
    if (bioScope.inside) {
      setImmediate(() => this.end(state, ending));
      return;
    }
    if (state.ending === undefined) {
      state.ending = ending;
      if (state.began > 0) this.#count?.ended(state.began);
      state.observation?.ended(ending);
      // Before it is given back: what they have in flight is its.
      for (const user of state.users ?? []) user.leave(state, 0);
      this.#held.delete(state);
      if (state.exclusive) this.#exclusive--;
      if (state.began > 0) this.#coordinator.trace.ended(state, ending);
      if (ending === 'released') this.#giveBack(state.token, state.duplicate);
      state.onEnd?.();
      if (ending !== 'released') state.abort();
      this.#queue?.lookAgain();
    }
    // What was lent for as long as the holder wants it, even if the lease ended before.
    if (ending === 'released' || ending === 'detached') this.#takeBack(state);
    if (ending === 'detached') this.#link.leave();
    this.#coordinator.ended(state);
  }

  #takeBack(state: LeaseState): void {
    const { duplicate, inode, ssl } = state;
    state.duplicate = -1;
    state.ssl = undefined;
    if (duplicate >= 0) this.native.closeDuplicate(this.slot, this.generation, duplicate, inode);
    if (ssl !== undefined) this.native.dropTls(ssl);
  }

  /** Whether that outcome of a native call says that the lease is over; then it is. */
  lost(state: LeaseState, outcome: number): boolean {
    if (outcome !== NOT_HELD) return false;
    // The worker's word is on its way. Nothing but time ends an exclusive lease while the connection
    // is open; a shared one may have ended with the connection.
    const open = this.#link.readyState === OPEN && state.exclusive;
    const { expiresAt = Number.POSITIVE_INFINITY } = state;
    const expired =
      Date.now() + CLOCK >= expiresAt || (open && expiresAt < Number.POSITIVE_INFINITY);
    this.end(state, expired ? 'expired' : 'revoked');
    return true;
  }

  #origin(caller: Caller): Origin {
    return originOf(caller, this.#coordinator.options.leakDetectionThreshold !== undefined);
  }

  #terms(options: LeaseOptions | undefined): ResolvedLeaseTerms {
    return parseLeaseOptions(options, this.#coordinator.options);
  }

  isFree(exclusive: boolean): boolean {
    return exclusive ? this.#held.size === 0 : this.#exclusive === 0;
  }

  takeNow(exclusive: boolean, terms: ResolvedLeaseTerms): number {
    if (exclusive) {
      this.#coordinator.flush(this.slot, this.generation);
      // What was sent before leaves before.
      if (this.#link.hasUnsent) return BUSY;
    }
    const frame = terms.boundary === 'frame';
    const { maxHold = 0, quiet } = terms;
    return this.native.take(this.slot, this.generation, exclusive, frame, maxHold, quiet);
  }

  nextRequest(): number {
    return this.#coordinator.nextRequest();
  }

  ask(request: number, exclusive: boolean, terms: ResolvedLeaseTerms): void {
    const { outbox } = this.#coordinator;
    const flags = (exclusive ? FLAG_EXCLUSIVE : 0) | (terms.boundary === 'frame' ? FLAG_FRAME : 0);
    const maxHold = new Uint8Array(new Float64Array([terms.maxHold ?? 0]).buffer);
    outbox.command(Command.lease, this.slot, this.generation, request, maxHold, flags);
    outbox.flush();
  }

  cancel(request: number): void {
    const { outbox } = this.#coordinator;
    outbox.command(Command.cancelLease, this.slot, this.generation, request);
    outbox.flush();
  }

  #granted(
    token: number,
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    origin: Origin,
    waited: number,
    noted?: Noted,
    observation?: LeaseObservation,
  ): Lease<Leased> {
    if (token === CLOSED) throw this.#closedError();
    if (token < 0) throw refusalError(token, this.connection.id);
    const { label, maxHold, quiet } = terms;
    const began = quiet ? 0 : (this.#count?.began(waited) ?? performance.now());
    const state = new LeaseState(this, { exclusive, token, label, maxHold, origin, began });
    state.observation = observation ?? this.#observe(exclusive, terms);
    state.observation?.granted();
    this.#held.add(state);
    if (exclusive) this.#exclusive++;
    const handle = new LeaseHandle(state);
    this.#coordinator.began(state, handle);
    noted?.(state);
    if (began > 0) this.#coordinator.trace.granted(state, waited);
    return Lease.make(this.connection, handle);
  }

  #observe(exclusive: boolean, { label, quiet }: ResolvedLeaseTerms): LeaseObservation | undefined {
    if (quiet) return undefined;
    const mode = exclusive ? 'exclusive' : 'shared';
    return this.#coordinator.observe?.({ connection: this.connection.id, mode, label });
  }

  #giveBack(token: number, duplicate: number): void {
    const closing = this.native.release(this.slot, this.generation, token, duplicate) === 1;
    if (closing) this.closing();
  }

  /** A lease came back, and the connection ends of what its holder did. */
  closing(): void {
    this.#link.leave();
  }

  #closedError(cause?: LwsPoolError): LwsPoolError {
    const details = { connection: this.connection.id };
    return createError('ERR_CONNECTION_CLOSED', details, cause && { cause });
  }
}

function modeOf(exclusive: boolean): LeaseMode {
  return exclusive ? 'exclusive' : 'shared';
}

export function isExclusive(mode: unknown): boolean {
  if (mode === 'exclusive') return true;
  if (mode === 'shared') return false;
  throw createError('ERR_INVALID_ARGUMENT', {
    argument: 'mode',
    got: describe(mode),
    takes: '"shared" or "exclusive"',
  });
}

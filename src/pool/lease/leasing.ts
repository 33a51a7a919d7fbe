import { Mutex } from 'async-mutex';
import { type Link, OPEN } from '../../channel/link.js';
import { Command, Event, FLAG_EXCLUSIVE, FLAG_FRAME } from '../../channel/record.js';
import type { NativeLeases } from '../../native.js';
import { onAbort } from '../abort.js';
import { createError, type LwsPoolError } from '../errors.js';
import { describe } from '../options/describe.js';
import { type LeaseOptions, parseLeaseOptions, type ResolvedLeaseTerms } from '../options.js';
import { Grantor, type Held, waitsForItself } from './context.js';
import type { LeaseCoordinator } from './coordinator.js';
import { LeaseHandle } from './handle.js';
import { Lease } from './lease.js';
import { type Origin, originOf } from './origin.js';
import { BUSY, CLOSED, NOT_HELD, refusalError } from './outcome.js';
import { type Ending, LeaseState } from './state.js';

/** By how much the clocks that a lease is measured with may differ. Milliseconds. */
const CLOCK = 5;

/** Told of a lease that is granted, before anybody has it. */
type Noted = (held: Held, state: LeaseState) => void;

export type LeaseMode = 'shared' | 'exclusive';

/** A request that waits. */
interface Waiter {
  over: boolean;
  /** Makes it look again. */
  wake: (() => void) | undefined;
  succeed(lease: Lease): void;
  fail(error: LwsPoolError): void;
}

/**
 * The leases on one connection that one thread has and waits for. Who may have one is decided in
 * native code, between all threads; this keeps the order of those who wait in this one: they pass
 * a turnstile one after the other, and only the first of them asks.
 */
export class Leasing {
  readonly connection: { readonly id: string };
  readonly #link: Link;
  readonly #coordinator: LeaseCoordinator;
  readonly #held = new Set<LeaseState>();
  #exclusive = 0;
  readonly #waiters = new Set<Waiter>();
  #turnstile: Mutex | undefined;
  /** Requests that native code will answer, by their numbers. */
  readonly #requests = new Map<number, (tokenOrRefusal: number) => void>();

  constructor(connection: { readonly id: string }, link: Link, coordinator: LeaseCoordinator) {
    this.connection = connection;
    this.#link = link;
    this.#coordinator = coordinator;
  }

  get native(): NativeLeases {
    return this.#coordinator.native;
  }

  get side(): 'owner' | 'handler' {
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
  try(mode: LeaseMode, options?: LeaseOptions): Lease | undefined {
    const exclusive = isExclusive(mode);
    return this.take(exclusive, this.#terms(options), this.#origin(this.try));
  }

  lease(mode: LeaseMode, options?: LeaseOptions): Promise<Lease> {
    try {
      const exclusive = isExclusive(mode);
      return this.request(exclusive, this.#terms(options), this.#origin(this.lease));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** With a function, or with options and a function. */
  async with(mode: LeaseMode, ...rest: unknown[]): Promise<unknown> {
    const run = rest.length > 1 ? rest[1] : rest[0];
    const options = rest.length > 1 ? (rest[0] as LeaseOptions | undefined) : undefined;
    if (typeof run !== 'function') {
      throw createError('ERR_INVALID_ARGUMENT', {
        argument: 'fn',
        got: describe(run),
        takes: 'a function that is called with the lease',
      });
    }
    const lease = await this.lease(mode, options);
    try {
      return await run(lease);
    } finally {
      lease.release();
    }
  }

  /** At once: for a handler, on the worker's own thread. */
  now(mode: LeaseMode, options?: LeaseOptions): Lease {
    const lease = this.try(mode, options);
    if (lease !== undefined) return lease;
    throw createError('ERR_LEASE_BUSY', { connection: this.connection.id });
  }

  /** @internal The rest is what the classes beside this one need. */
  request(
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    origin: Origin,
    also?: Noted,
  ): Promise<Lease> {
    if (terms.signal?.aborted) return Promise.reject(this.#aborted(terms.signal));
    if (waitsForItself(this, exclusive)) {
      return Promise.reject(
        createError('ERR_LEASE_DEADLOCK', { connection: this.connection.id, label: terms.label }),
      );
    }
    const grantor = new Grantor();
    const noted: Noted = (held, state) => {
      grantor.grants(held);
      state.onEnd = grantor.ender();
      also?.(held, state);
    };
    const lease = this.take(exclusive, terms, origin, noted);
    if (lease !== undefined) return grantor.promise(() => Promise.resolve(lease));
    return grantor.promise(() => this.#wait(exclusive, terms, origin, noted, () => grantor.end()));
  }

  take(
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    origin: Origin,
    noted?: Noted,
  ): Lease | undefined {
    if (this.#link.readyState !== OPEN) throw this.#closedError();
    if (this.#waiters.size > 0 || !this.#isFree(exclusive)) return undefined;
    const token = this.#takeNow(exclusive, terms);
    if (token === BUSY) return undefined;
    return this.#granted(token, exclusive, terms, origin, noted);
  }

  /** A record of the worker that is about leases. */
  onRecord(type: number, payload: Buffer, aux: number): void {
    if (type === Event.leased) this.#onLeased(aux, payload.readDoubleLE());
    else if (type === Event.leaseExpired) this.#onExpired(payload.readDoubleLE());
  }

  #onLeased(request: number, tokenOrRefusal: number): void {
    const answered = this.#requests.get(request);
    this.#requests.delete(request);
    if (answered !== undefined) answered(tokenOrRefusal);
    // Nobody waits for it any more.
    else if (tokenOrRefusal > 0) this.#giveBack(tokenOrRefusal, -1);
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
    const error = this.#closedError(cause);
    for (const waiter of this.#waiters) waiter.fail(error);
    this.#requests.clear();
  }

  /** Any number of times; the first counts. */
  end(state: LeaseState, ending: Ending): void {
    if (state.ending === undefined) {
      state.ending = ending;
      this.#held.delete(state);
      if (state.exclusive) this.#exclusive--;
      if (ending === 'released') this.#giveBack(state.token, state.duplicate);
      state.onEnd?.();
      if (ending !== 'released') state.abort();
      for (const waiter of this.#waiters) waiter.wake?.();
    }
    // What was lent for as long as the holder wants it, even if the lease ended before.
    if (ending === 'released' || ending === 'detached') this.#takeBack(state);
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

  #origin(above: (...given: never[]) => unknown): Origin {
    return originOf(above, this.#coordinator.options.leakDetectionThreshold !== undefined);
  }

  #terms(options: LeaseOptions | undefined): ResolvedLeaseTerms {
    return parseLeaseOptions(options, this.#coordinator.options);
  }

  #isFree(exclusive: boolean): boolean {
    return exclusive ? this.#held.size === 0 : this.#exclusive === 0;
  }

  #takeNow(exclusive: boolean, terms: ResolvedLeaseTerms): number {
    if (exclusive) {
      this.#coordinator.flush(this.slot, this.generation);
      // What was sent before leaves before.
      if (this.#link.bufferedAmount > 0) return BUSY;
    }
    const frame = terms.boundary === 'frame';
    return this.native.take(this.slot, this.generation, exclusive, frame, terms.maxHold ?? 0);
  }

  #granted(
    token: number,
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    origin: Origin,
    noted?: Noted,
  ): Lease {
    if (token === CLOSED) throw this.#closedError();
    if (token < 0) throw refusalError(token, this.connection.id);
    const { label, maxHold } = terms;
    const state = new LeaseState(this, { exclusive, token, label, maxHold, origin });
    this.#held.add(state);
    if (exclusive) this.#exclusive++;
    const handle = new LeaseHandle(state);
    this.#coordinator.began(state, handle);
    noted?.(this.#heldBy(state), state);
    return new Lease(this.connection, handle);
  }

  #heldBy(state: LeaseState): Held {
    return {
      get over() {
        return state.ending !== undefined;
      },
      blocks: (leasing, exclusive) =>
        leasing === this && state.ending === undefined && (exclusive || state.exclusive),
    };
  }

  #wait(
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    origin: Origin,
    noted: Noted,
    gaveUp: () => void,
  ): Promise<Lease> {
    const { signal, timeout, label } = terms;
    return new Promise((resolve, reject) => {
      const end = () => {
        waiter.over = true;
        clearTimeout(timer);
        ignore?.();
        this.#waiters.delete(waiter);
        waiter.wake?.();
      };
      const waiter: Waiter = {
        over: false,
        wake: undefined,
        succeed: (lease) => {
          end();
          resolve(lease);
        },
        fail: (error) => {
          if (waiter.over) return;
          end();
          gaveUp();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        const details = { connection: this.connection.id, timeout, label };
        waiter.fail(createError('ERR_LEASE_TIMEOUT', details));
      }, timeout);
      const ignore = signal && onAbort(signal, () => waiter.fail(this.#aborted(signal)));
      this.#waiters.add(waiter);
      void this.#pass(waiter, exclusive, terms, (token) => {
        waiter.succeed(this.#granted(token, exclusive, terms, origin, noted));
      });
    });
  }

  /** Waits for its turn, then for this thread's leases to end, then for native code. */
  async #pass(
    waiter: Waiter,
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    granted: (token: number) => void,
  ): Promise<void> {
    this.#turnstile ??= new Mutex();
    const leave = await this.#turnstile.acquire();
    try {
      while (!waiter.over) {
        if (!this.#isFree(exclusive)) {
          await woken(waiter);
          continue;
        }
        const token = this.#takeNow(exclusive, terms);
        if (token === BUSY) await this.#ask(waiter, exclusive, terms, granted);
        else granted(token);
      }
    } catch (error) {
      waiter.fail(error as LwsPoolError);
    } finally {
      leave();
    }
  }

  /**
   * Leaves the request with the worker, which answers when it can grant it. The answer is taken
   * where it arrives: what else comes with it may make the waiter give up, or end the lease.
   */
  #ask(
    waiter: Waiter,
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    granted: (token: number) => void,
  ): Promise<void> {
    const { outbox } = this.#coordinator;
    const request = this.#coordinator.nextRequest();
    const flags = (exclusive ? FLAG_EXCLUSIVE : 0) | (terms.boundary === 'frame' ? FLAG_FRAME : 0);
    const payload = new Uint8Array(new Float64Array([terms.maxHold ?? 0]).buffer);
    return new Promise((resolve, reject) => {
      this.#requests.set(request, (token) => {
        try {
          granted(token);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
      waiter.wake = () => {
        if (!waiter.over || !this.#requests.delete(request)) return;
        outbox.command(Command.cancelLease, this.slot, this.generation, request);
        outbox.flush();
        resolve();
      };
      outbox.command(Command.lease, this.slot, this.generation, request, payload, flags);
      outbox.flush();
    });
  }

  #giveBack(token: number, duplicate: number): void {
    this.native.release(this.slot, this.generation, token, duplicate);
  }

  #aborted(signal: AbortSignal): LwsPoolError {
    return createError('ERR_ABORTED', { connection: this.connection.id }, { cause: signal.reason });
  }

  #closedError(cause?: LwsPoolError): LwsPoolError {
    const details = { connection: this.connection.id };
    return createError('ERR_CONNECTION_CLOSED', details, cause && { cause });
  }
}

function woken(waiter: Waiter): Promise<void> {
  return new Promise((resolve) => {
    waiter.wake = () => {
      waiter.wake = undefined;
      resolve();
    };
  });
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

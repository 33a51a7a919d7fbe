import { Mutex } from 'async-mutex';
import { onAbort } from '../base/abort.js';
import { Command, FLAG_EXCLUSIVE, FLAG_FRAME } from '../channel/record.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { ResolvedLeaseTerms } from '../options/options.js';
import type { LeasedConnection } from './leased.js';
import { BUSY } from './outcome.js';
import type { LeaseState } from './state.js';

/** What a request for a lease comes to; a promise waits for it. */
export interface Outcome {
  /** Makes the lease of a token, or throws what a refusal means. */
  granted(tokenOrRefusal: number): void;
  /** There will be no lease, and why. */
  failed(error: LwsPoolError): void;
}

interface Waiter extends Outcome {
  readonly exclusive: boolean;
  readonly terms: ResolvedLeaseTerms;
  over: boolean;
  /** Makes it look again. */
  wake: (() => void) | undefined;
}

/**
 * Who of one thread may have a lease on one connection. Between threads native code decides; within
 * a thread those that have to wait pass a turnstile one after the other, and only the first of them
 * asks the worker. One that has given up passes it in its turn and does nothing.
 */
export class LeaseAdmission {
  /** The leases of this thread. */
  readonly held = new Set<LeaseState>();
  readonly #leased: LeasedConnection;
  #exclusive = 0;
  readonly #waiters = new Set<Waiter>();
  #turnstile: Mutex | undefined;
  /** Requests that the worker will answer, by their numbers. */
  readonly #requests = new Map<number, (tokenOrRefusal: number) => void>();

  constructor(leased: LeasedConnection) {
    this.#leased = leased;
  }

  /** A token at once, or why not: BUSY where it would have to be waited for; see outcome.ts. */
  try(exclusive: boolean, terms: ResolvedLeaseTerms): number {
    if (this.#waiters.size > 0 || !this.#isFree(exclusive)) return BUSY;
    return this.#take(exclusive, terms);
  }

  /** Waits for a token until `terms` end that. */
  wait(exclusive: boolean, terms: ResolvedLeaseTerms, outcome: Outcome): void {
    const { signal, timeout, label } = terms;
    const connection = this.#leased.connection.id;
    const end = () => {
      waiter.over = true;
      clearTimeout(timer);
      ignore?.();
      this.#waiters.delete(waiter);
      waiter.wake?.();
    };
    const waiter: Waiter = {
      exclusive,
      terms,
      over: false,
      wake: undefined,
      granted: (token) => {
        outcome.granted(token);
        end();
      },
      failed: (error) => {
        if (waiter.over) return;
        end();
        outcome.failed(error);
      },
    };
    const timer = setTimeout(() => {
      waiter.failed(createError('ERR_LEASE_TIMEOUT', { connection, timeout, label }));
    }, timeout);
    const ignore = signal && onAbort(signal, () => waiter.failed(aborted(connection, signal)));
    this.#waiters.add(waiter);
    void this.#pass(waiter);
  }

  /** A lease of this thread was granted. */
  admit(state: LeaseState): void {
    this.held.add(state);
    if (state.exclusive) this.#exclusive++;
  }

  /** A lease of this thread has ended: those that wait look again. */
  readonly leave = (state: LeaseState): void => {
    this.held.delete(state);
    if (state.exclusive) this.#exclusive--;
    for (const waiter of this.#waiters) waiter.wake?.();
  };

  /** An answer of the worker. False where nobody waits for it any more. */
  onAnswer(request: number, tokenOrRefusal: number): boolean {
    const answered = this.#requests.get(request);
    this.#requests.delete(request);
    answered?.(tokenOrRefusal);
    return answered !== undefined;
  }

  /** There will be no more leases. */
  close(error: LwsPoolError): void {
    for (const waiter of this.#waiters) waiter.failed(error);
    this.#requests.clear();
  }

  /** Whether no lease of this thread is in the way. */
  #isFree(exclusive: boolean): boolean {
    return exclusive ? this.held.size === 0 : this.#exclusive === 0;
  }

  #take(exclusive: boolean, terms: ResolvedLeaseTerms): number {
    const { coordinator, link, native, slot, generation } = this.#leased;
    if (exclusive) {
      coordinator.flush?.(slot, generation);
      // What was sent before leaves before.
      if (link.hasUnsent) return BUSY;
    }
    const { boundary, maxHold = 0, quiet } = terms;
    return native.take(slot, generation, exclusive, boundary === 'frame', maxHold, quiet);
  }

  /** Waits for its turn, then for this thread's leases to end, then for the worker. */
  async #pass(waiter: Waiter): Promise<void> {
    this.#turnstile ??= new Mutex();
    const leave = await this.#turnstile.acquire();
    try {
      while (!waiter.over) {
        if (!this.#isFree(waiter.exclusive)) {
          await woken(waiter);
          continue;
        }
        const token = this.#take(waiter.exclusive, waiter.terms);
        if (token === BUSY) await this.#ask(waiter);
        else waiter.granted(token);
      }
    } catch (error) {
      waiter.failed(error as LwsPoolError);
    } finally {
      leave();
    }
  }

  /**
   * Leaves the request with the worker, which answers when it can grant it. The answer is taken
   * where it arrives: what else comes with it may make the waiter give up, or end the lease.
   */
  #ask(waiter: Waiter): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = this.#leased.coordinator.nextRequest();
      this.#requests.set(request, (token) => {
        try {
          waiter.granted(token);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
      waiter.wake = () => {
        if (!waiter.over || !this.#requests.delete(request)) return;
        this.#command(Command.cancelLease, request);
        resolve();
      };
      const { boundary, maxHold = 0 } = waiter.terms;
      const flags =
        (waiter.exclusive ? FLAG_EXCLUSIVE : 0) | (boundary === 'frame' ? FLAG_FRAME : 0);
      // In a handler it may be answered before this returns.
      this.#command(Command.lease, request, bytesOf(maxHold), flags);
    });
  }

  #command(type: number, request: number, payload?: Uint8Array, flags?: number): void {
    const { coordinator, slot, generation } = this.#leased;
    coordinator.outbox.command(type, slot, generation, request, payload, flags);
    coordinator.outbox.flush();
  }
}

export function aborted(connection: string, signal: AbortSignal): LwsPoolError {
  return createError('ERR_ABORTED', { connection }, { cause: signal.reason });
}

function bytesOf(number: number): Uint8Array {
  return new Uint8Array(new Float64Array([number]).buffer);
}

function woken(waiter: Waiter): Promise<void> {
  return new Promise((resolve) => {
    waiter.wake = () => {
      waiter.wake = undefined;
      resolve();
    };
  });
}

import { Mutex } from 'async-mutex';
import { onAbort } from '../base/abort.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { ResolvedLeaseTerms } from '../options/options.js';
import { BUSY } from './outcome.js';

/** What those who wait for a lease on a connection ask for it. */
export interface Lender {
  readonly connection: { readonly id: string };
  /** Whether no lease of this thread is in the way. */
  isFree(exclusive: boolean): boolean;
  /** A token at once, or why not: see outcome.ts. */
  takeNow(exclusive: boolean, terms: ResolvedLeaseTerms): number;
  nextRequest(): number;
  /** Leaves a request with the worker. In a handler it may be answered before this returns. */
  ask(request: number, exclusive: boolean, terms: ResolvedLeaseTerms): void;
  cancel(request: number): void;
}

interface Waiter {
  over: boolean;
  /** Makes it look again. */
  wake: (() => void) | undefined;
  fail(error: LwsPoolError): void;
}

/**
 * Those in one thread who wait for a lease on one connection. They pass a turnstile one after the
 * other, and only the first of them asks. Whoever gives up passes it in his turn and does nothing.
 */
export class LeaseQueue {
  readonly #lender: Lender;
  readonly #waiters = new Set<Waiter>();
  readonly #turnstile = new Mutex();
  /** Requests that the worker will answer, by their numbers. */
  readonly #requests = new Map<number, (tokenOrRefusal: number) => void>();

  constructor(lender: Lender) {
    this.#lender = lender;
  }

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  /**
   * @param granted makes the lease of a token, or throws what a refusal means
   * @param gaveUp there will be no lease, and why
   */
  wait<Granted>(
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    granted: (tokenOrRefusal: number) => Granted,
    gaveUp: (error: LwsPoolError) => void,
  ): Promise<Granted> {
    const { signal, timeout, label } = terms;
    const connection = this.#lender.connection.id;
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
        fail: (error) => {
          if (waiter.over) return;
          end();
          gaveUp(error);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        waiter.fail(createError('ERR_LEASE_TIMEOUT', { connection, timeout, label }));
      }, timeout);
      const ignore = signal && onAbort(signal, () => waiter.fail(aborted(connection, signal)));
      this.#waiters.add(waiter);
      void this.#pass(waiter, exclusive, terms, (token) => {
        const lease = granted(token);
        end();
        resolve(lease);
      });
    });
  }

  /** An answer of the worker. False where nobody waits for it any more. */
  onAnswer(request: number, tokenOrRefusal: number): boolean {
    const answered = this.#requests.get(request);
    this.#requests.delete(request);
    answered?.(tokenOrRefusal);
    return answered !== undefined;
  }

  /** A lease of this thread has ended. */
  lookAgain(): void {
    for (const waiter of this.#waiters) waiter.wake?.();
  }

  /** There will be no more leases. */
  end(error: LwsPoolError): void {
    for (const waiter of this.#waiters) waiter.fail(error);
    this.#requests.clear();
  }

  /** Waits for its turn, then for this thread's leases to end, then for the worker. */
  async #pass(
    waiter: Waiter,
    exclusive: boolean,
    terms: ResolvedLeaseTerms,
    granted: (tokenOrRefusal: number) => void,
  ): Promise<void> {
    const leave = await this.#turnstile.acquire();
    try {
      while (!waiter.over) {
        if (!this.#lender.isFree(exclusive)) {
          await woken(waiter);
          continue;
        }
        const token = this.#lender.takeNow(exclusive, terms);
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
    granted: (tokenOrRefusal: number) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = this.#lender.nextRequest();
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
        this.#lender.cancel(request);
        resolve();
      };
      this.#lender.ask(request, exclusive, terms);
    });
  }
}

export function aborted(connection: string, signal: AbortSignal): LwsPoolError {
  return createError('ERR_ABORTED', { connection }, { cause: signal.reason });
}

function woken(waiter: Waiter): Promise<void> {
  return new Promise((resolve) => {
    waiter.wake = () => {
      waiter.wake = undefined;
      resolve();
    };
  });
}

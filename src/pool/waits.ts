import { onAbort } from '../base/abort.js';
import type { ConnectionUrl } from '../connection/url.js';
import { createError, type ErrorDetails, type LwsPoolError } from '../errors/errors.js';

/** Calls back when the pool ends, with its error. Returns what takes the callback back. */
export type OnEnd = (callback: (error: LwsPoolError) => void) => () => void;

/** How long a wait may last, and for whom. */
export interface WaitTerms {
  readonly url: ConnectionUrl;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** What is waited for, as ERR_HANDSHAKE_TIMEOUT says it. */
  readonly phase: string;
  /** More that it says, as it is when the time is up: which worker, which module. */
  readonly late?: (() => ErrorDetails) | undefined;
}

/**
 * What `connect()` waits for on the main thread: a name, a worker, a module. Each wait ends by its
 * deadline, by its signal, or with the pool, also where what it waits for never comes.
 */
export class Waits {
  readonly #callbacks = new Set<(error: LwsPoolError) => void>();

  /** Ends them all; the pool lets nobody wait after that. */
  end(error: LwsPoolError): void {
    for (const callback of this.#callbacks) callback(error);
    this.#callbacks.clear();
  }

  readonly onEnd: OnEnd = (callback) => {
    // A function of its own for each call, so that one callback may wait twice.
    const entry = (error: LwsPoolError) => callback(error);
    this.#callbacks.add(entry);
    return () => {
      this.#callbacks.delete(entry);
    };
  };

  /** @throws LwsPoolError ERR_HANDSHAKE_TIMEOUT, ERR_ABORTED, the pool's, or what the promise does */
  until<Result>(promise: Promise<Result>, terms: WaitTerms): Promise<Result> {
    const { timeout, signal, phase, late } = terms;
    const { url, host } = terms.url;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        ignoreAbort?.();
        ignoreEnd();
        act();
      };
      const fail = (error: unknown) => settle(() => reject(error));
      const timer = setTimeout(() => {
        fail(createError('ERR_HANDSHAKE_TIMEOUT', { url, host, timeout, phase, ...late?.() }));
      }, timeout);
      const ignoreAbort = signal && onAbort(signal, () => fail(aborted(terms.url, signal)));
      const ignoreEnd = this.onEnd(fail);
      promise.then((result) => settle(() => resolve(result)), fail);
      if (signal?.aborted) fail(aborted(terms.url, signal));
    });
  }
}

/** What ERR_ABORTED says of an opening. */
export function aborted({ url, host }: ConnectionUrl, signal: AbortSignal): LwsPoolError {
  return createError('ERR_ABORTED', { url, host }, { cause: signal.reason });
}

import { createError, LwsPoolError } from '../errors/errors.js';
import { KeepAlive } from './keep-alive.js';
import { Waits } from './waits.js';
import type { Workers } from './workers.js';

/** Beyond the time that connections have to close: for their workers to do it. Milliseconds. */
const GRACE = 2_000;

/** The parts of a pool that end with it. */
export interface EndingParts {
  readonly workers: Workers;
  /** Number of connections, open and opening. */
  size(): number;
  /** Closes what is open, and gives up what is opening. */
  closeConnections(): void;
  /** Ends everything at once; resolves once the threads have ended. */
  destroy(reason: LwsPoolError): Promise<void>;
}

/** Whether a pool is open, how it ends, and what keeps the process alive meanwhile. */
export class Lifetime {
  /** Each ends with the pool. */
  readonly waits = new Waits();
  readonly #parts: EndingParts;
  readonly #process = new KeepAlive();
  #state: 'open' | 'closing' | 'closed' = 'open';
  #reason: LwsPoolError | undefined;
  #ended: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;
  /** The longest time that any connection has to close. Milliseconds. */
  #closeTimeout = 0;

  constructor(parts: EndingParts) {
    this.#parts = parts;
  }

  /** Why it was destroyed. */
  get reason(): LwsPoolError | undefined {
    return this.#reason;
  }

  /** @throws LwsPoolError ERR_POOL_CLOSED, or the error that it was destroyed with */
  checkOpen(): void {
    if (this.#state !== 'open') throw this.#reason ?? createError('ERR_POOL_CLOSED');
  }

  /** Keeps the process alive for as long as the promise is pending. */
  during<Result>(work: Promise<Result>): Promise<Result> {
    return this.#process.during(work);
  }

  /** A connection has so many milliseconds to close. */
  allowClosing(timeout: number): void {
    this.#closeTimeout = Math.max(this.#closeTimeout, timeout);
  }

  /** A connection has ended, or was not opened. */
  onSlotFreed(): void {
    if (this.#state === 'closing' && this.#parts.size() === 0) this.#onIdle?.();
  }

  /** @param timeout milliseconds, of the user's; without it each connection has what it needs */
  close(timeout: number | undefined): Promise<void> {
    this.#ended ??= this.during(this.#close(timeout));
    return this.#ended;
  }

  /** @param error why; any other than an LwsPoolError becomes the cause of ERR_POOL_CLOSED */
  destroy(error: Error | undefined): Promise<void> {
    if (!this.#isClosed()) {
      this.#state = 'closed';
      const reason =
        error instanceof LwsPoolError
          ? error
          : createError('ERR_POOL_CLOSED', {}, error && { cause: error });
      this.#reason = reason;
      this.waits.end(reason);
      this.#ended = this.during(this.#parts.destroy(reason));
      this.#onIdle?.();
    }
    return this.#ended ?? Promise.resolve();
  }

  async #close(timeout: number | undefined): Promise<void> {
    this.#state = 'closing';
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    this.#parts.closeConnections();
    this.waits.end(createError('ERR_POOL_CLOSED'));
    this.onSlotFreed();
    const limit = this.#limitClosing(timeout);
    await idle;
    if (!this.#isClosed()) await this.#parts.workers.stop();
    clearInterval(limit);
    // Ends what is left of the threads, where destroy() has not been faster.
    await this.destroy(undefined);
  }

  /** Without a time of the user's, only workers that hang can keep it from ending. */
  #limitClosing(timeout: number | undefined): NodeJS.Timeout {
    const hangs = () =>
      this.#parts.workers.all.every(({ connections, pulse }) => connections === 0 || pulse.lost);
    if (timeout !== undefined) return setTimeout(() => void this.destroy(undefined), timeout);
    return setInterval(() => {
      if (hangs()) void this.destroy(undefined);
    }, this.#closeTimeout + GRACE);
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }
}

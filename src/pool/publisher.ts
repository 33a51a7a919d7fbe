import { channels } from '../base/diagnostics.js';
import type { ConnectionUrl } from '../connection/url.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { PoolWarning } from '../health/warning.js';
import type { LeaseReport } from '../lease/leaks.js';
import type { ConnectObservation, PoolObserver } from '../observe/observer.js';

/** One call of `connect()`: the same object in its `start` and its `opened` or `failed` message. */
export interface ConnectAttempt {
  /** As asked for, without user and password. */
  readonly url: string;
  /** WebSocket, or the bytes of the socket. */
  readonly kind: 'ws' | 'raw';
  /** Whether it uses TLS. */
  readonly secure: boolean;
  /** When it was called: milliseconds since the epoch, with a fraction. */
  readonly at: number;
}

/** Publishes what happens in a pool on the channels of `node:diagnostics_channel` with subscribers. */
export class Publisher implements PoolObserver {
  readonly #pool: object;

  /** @param pool named in the messages */
  constructor(pool: object) {
    this.#pool = pool;
  }

  connecting({ url, kind, secure }: ConnectionUrl): ConnectObservation | undefined {
    const { start, opened, failed } = channels;
    if (!start.hasSubscribers && !opened.hasSubscribers && !failed.hasSubscribers) return undefined;
    const began = performance.now();
    const attempt: ConnectAttempt = { url, kind, secure, at: performance.timeOrigin + began };
    if (start.hasSubscribers) start.publish({ attempt });
    const duration = () => performance.now() - began;
    return {
      opened(connection) {
        if (opened.hasSubscribers) opened.publish({ attempt, connection, duration: duration() });
      },
      failed(error) {
        if (failed.hasSubscribers) failed.publish({ attempt, error, duration: duration() });
      },
    };
  }

  leaseReported(report: LeaseReport): void {
    if (report.kind !== 'leaked' || !channels.leaseLeaked.hasSubscribers) return;
    channels.leaseLeaked.publish({ report });
  }

  workerStarted(worker: number, threadId: number): void {
    if (!channels.workerStarted.hasSubscribers) return;
    channels.workerStarted.publish({ pool: this.#pool, worker, threadId });
  }

  workerCrashed(worker: number, error: LwsPoolError): void {
    if (!channels.workerCrashed.hasSubscribers) return;
    channels.workerCrashed.publish({ pool: this.#pool, worker, error });
  }

  workerUnresponsive(worker: number, silentFor: number): void {
    if (!channels.workerUnresponsive.hasSubscribers) return;
    channels.workerUnresponsive.publish({ pool: this.#pool, worker, silentFor });
  }

  warned(warning: PoolWarning): void {
    if (!channels.warning.hasSubscribers) return;
    channels.warning.publish({ pool: this.#pool, warning });
  }
}

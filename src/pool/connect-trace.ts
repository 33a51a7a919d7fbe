import { channels } from '../base/diagnostics.js';
import { measure } from '../base/user-timing.js';
import type { Connection } from '../connection/connection.js';
import { CORE } from '../connection/internal.js';
import type { Target } from '../connection/url.js';
import type { LwsPoolError } from '../errors/errors.js';

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

/** What its worker has noted of an opening; nothing with `createPool({ stats: false })`. */
function measureParts(connection: Connection, detail: object): void {
  if (connection[CORE].link.figures === undefined) return;
  const { queued, begun, connected, secured, opened } = connection.stats().phases;
  const part = (name: string, start: number | undefined, end: number | undefined) => {
    if (start === undefined || end === undefined) return;
    const { timeOrigin } = performance;
    measure(`lws-pool:connect:${name}`, start - timeOrigin, detail, end - timeOrigin);
  };
  part('queue', queued, begun);
  part('tcp', begun, connected);
  part('tls', connected, secured);
  part('upgrade', secured ?? connected, opened);
}

/** What is told of an opening, where somebody looks. */
export class ConnectTrace {
  readonly #attempt: ConnectAttempt;
  readonly #start = performance.now();
  readonly #timing: boolean;

  /** Undefined where nobody looks. */
  static of(target: Target, timing: boolean): ConnectTrace | undefined {
    const { start, opened, failed } = channels;
    const heard = start.hasSubscribers || opened.hasSubscribers || failed.hasSubscribers;
    return heard || timing ? new ConnectTrace(target, timing) : undefined;
  }

  private constructor({ url, kind, secure }: Target, timing: boolean) {
    this.#timing = timing;
    this.#attempt = { url, kind, secure, at: performance.timeOrigin + this.#start };
    if (channels.start.hasSubscribers) channels.start.publish({ attempt: this.#attempt });
  }

  /** Its addresses are known. */
  resolved(): void {
    if (this.#timing) measure('lws-pool:connect:lookup', this.#start, { url: this.#attempt.url });
  }

  async follow(opening: Promise<Connection>): Promise<Connection> {
    try {
      const connection = await opening;
      this.#opened(connection);
      return connection;
    } catch (error) {
      this.#failed(error as LwsPoolError);
      throw error;
    }
  }

  #opened(connection: Connection): void {
    const attempt = this.#attempt;
    if (this.#timing) {
      const detail = { url: attempt.url, connection: connection.id, worker: connection.worker };
      measureParts(connection, detail);
      measure('lws-pool:connect', this.#start, detail);
    }
    if (!channels.opened.hasSubscribers) return;
    channels.opened.publish({ attempt, connection, duration: performance.now() - this.#start });
  }

  #failed(error: LwsPoolError): void {
    const attempt = this.#attempt;
    if (this.#timing) {
      measure('lws-pool:connect', this.#start, { url: attempt.url, error: error.code });
    }
    if (!channels.failed.hasSubscribers) return;
    channels.failed.publish({ attempt, error, duration: performance.now() - this.#start });
  }
}

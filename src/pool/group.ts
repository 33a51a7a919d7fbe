import { EventEmitter } from 'node:events';
import { bytesOf, type Data } from '../channel/link.js';
import { type SendOptions, sendFlags } from '../channel/send-options.js';
import type { ErrorCode } from '../errors/errors.js';
import { madeBy } from '../errors/made-by.js';
import { parseCloseArguments } from '../options/close-arguments.js';
import { cloning } from '../workers/cloning.js';
import type { Tally } from '../workers/control.js';
import { GroupMembers } from './group-members.js';

/** Events of a {@link ConnectionGroup}, with the arguments of their listeners. */
export interface GroupEvents {
  /** A value that a handler sent with `context.post()`, and the index of its worker. */
  post: [value: unknown, worker: number];
}

/** How often each failure has happened, with one of its messages. */
export type Failures = ReadonlyMap<ErrorCode, Readonly<Tally>>;

/** The group of these connections, for the caller of `connectMany()`. */
export let groupOf: (members: GroupMembers) => ConnectionGroup;
/** The caller has it, and has had the time to listen. */
export let groupSettled: (group: ConnectionGroup) => void;

/**
 * Many connections served by one handler, from `pool.connectMany()`. They live in the workers: the main
 * thread sees only counts, and the values that handlers post.
 */
export class ConnectionGroup extends EventEmitter<GroupEvents> {
  /** Number of the group, unique in its pool: `group` of {@link ConnectionStats}. */
  readonly id: number;
  /** URL that was asked for, without user and password. */
  readonly url: string;
  /** Number of connections that were asked for. */
  readonly count: number;
  /** Resolves once every connection has opened or failed; never rejects. */
  readonly ready: Promise<void>;
  /** Resolves once all opened connections have closed, and none is opening; never rejects. */
  readonly closed: Promise<void>;
  readonly #members: GroupMembers;
  /** Posted while other workers still load the handler, before anybody can listen. */
  #early: [value: unknown, worker: number][] | undefined = [];

  static {
    groupOf = (members) => new ConnectionGroup(members);
    groupSettled = (group) => group.#settled();
  }

  private constructor(members: GroupMembers) {
    super();
    if (!(members instanceof GroupMembers)) {
      throw madeBy('ConnectionGroup', 'members', members, 'await pool.connectMany(url, options)');
    }
    this.#members = members;
    this.id = members.facts.id;
    this.url = members.facts.url;
    this.count = members.facts.count;
    this.ready = members.ready;
    this.closed = members.closed;
    members.onPost = (value, worker) => {
      if (this.#early === undefined) this.emit('post', value, worker);
      else this.#early.push([value, worker]);
    };
  }

  /** Number of connections that have opened, those closed since included. */
  get opened(): number {
    return this.#members.opened;
  }

  /** Number of open connections. */
  get size(): number {
    return this.#members.opened - this.#members.closedCount;
  }

  /** Connections that could not be opened, by error code. */
  get failed(): Failures {
    return this.#members.failed as unknown as Failures;
  }

  /** Connections that ended with an error after they had opened, by error code. */
  get errors(): Failures {
    return this.#members.errors as unknown as Failures;
  }

  /**
   * Calls `receive(value)` of the handler in each worker of the group, with a structured clone.
   *
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  post(value: unknown): void {
    cloning('value', value, () => this.#members.post({ type: 'post', group: this.id, value }));
  }

  /**
   * Sends a message on every open connection. It is copied to each worker only once.
   *
   * @throws LwsPoolError ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION
   */
  broadcast(data: Data, options?: SendOptions): void {
    const flags = sendFlags(data, options);
    const bytes = bytesOf(data);
    for (const { outbox } of this.#members.workers) outbox.broadcast(this.id, bytes, flags);
  }

  /**
   * Closes all connections with a close handshake, and opens no more. You may call it again.
   *
   * @param code as for {@link Connection.close}
   * @param reason at most 123 bytes in UTF-8
   * @returns the promise `closed`
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  close(code?: number, reason?: string): Promise<void> {
    const close = parseCloseArguments(code, reason);
    this.#members.close(close.code, close.reason);
    return this.closed;
  }

  /** Ends all connections at once, without close frames, and opens no more. */
  terminate(): void {
    this.#members.terminate();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #settled(): void {
    const early = this.#early;
    this.#early = undefined;
    for (const [value, worker] of early ?? []) this.emit('post', value, worker);
  }
}

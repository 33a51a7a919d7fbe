import { OPEN } from '../channel/link.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import { bioScope } from './bio-scope.js';
import type { LeasedConnection } from './leased.js';
import type { Ending, LeaseFacts, LeaseMode, LeaseObservation } from './observation.js';
import type { Origin } from './origin.js';
import { NOT_HELD } from './outcome.js';
import type { Held, LeaseScope } from './scope.js';

/** By how much the clocks that a lease is measured with may differ. Milliseconds. */
const CLOCK = 5;

/** The error that the methods of a lease throw once it has ended. */
const CODES = {
  released: 'ERR_LEASE_RELEASED',
  detached: 'ERR_LEASE_RELEASED',
  expired: 'ERR_LEASE_EXPIRED',
  revoked: 'ERR_LEASE_REVOKED',
} as const;

/** What uses a lease besides its holder: a ring, with operations in flight. */
export interface LeaseUser {
  /** Ends what it has in flight on the lease, and waits for that; milliseconds at most. */
  leave(state: LeaseState, patience: number): void;
}

/** What a lease is taken with, once it is granted. */
export interface Grant {
  readonly exclusive: boolean;
  readonly token: number;
  readonly label: string | undefined;
  /** Milliseconds; undefined: for ever. */
  readonly maxHold: number | undefined;
  readonly origin: Origin;
  readonly began: number;
  readonly observation: LeaseObservation | undefined;
  /** The code that holds it, if deadlocks are looked for. */
  readonly scope: LeaseScope | undefined;
  /** Called once, when it ends. */
  readonly onEnd: (state: LeaseState) => void;
}

/**
 * The right to a connection: all that is known of a lease, apart from the objects that its holder
 * has. When those are lost to the garbage collector, this is what is left to give the lease back.
 */
export class LeaseState implements Held, LeaseFacts {
  readonly leased: LeasedConnection;
  readonly exclusive: boolean;
  readonly token: number;
  readonly label: string | undefined;
  readonly origin: Origin;
  readonly acquiredAt = Date.now();
  readonly began: number;
  readonly expiresAt: number | undefined;
  ending: Ending | undefined;
  /** Why it was revoked. */
  cause: LwsPoolError | undefined;
  /** A descriptor that the holder was given, and its inode; -1: none. */
  duplicate = -1;
  inode = 0;
  /** The SSL object that the holder was given, with a reference of its own. */
  ssl: bigint | undefined;
  /** Who follows it besides. */
  readonly observation: LeaseObservation | undefined;
  /** Those that have to leave before it ends. */
  users: Set<LeaseUser> | undefined;
  readonly #scope: LeaseScope | undefined;
  readonly #onEnd: (state: LeaseState) => void;
  #controller: AbortController | undefined;

  constructor(leased: LeasedConnection, grant: Grant) {
    this.leased = leased;
    this.exclusive = grant.exclusive;
    this.token = grant.token;
    this.label = grant.label;
    this.origin = grant.origin;
    this.began = grant.began;
    this.expiresAt = grant.maxHold === undefined ? undefined : this.acquiredAt + grant.maxHold;
    this.observation = grant.observation;
    this.#scope = grant.scope;
    this.#onEnd = grant.onEnd;
  }

  get connection(): { readonly id: string } {
    return this.leased.connection;
  }

  get mode(): LeaseMode {
    return this.exclusive ? 'exclusive' : 'shared';
  }

  get over(): boolean {
    return this.ending !== undefined;
  }

  /** Whether the holder has a descriptor or an SSL object, which nothing but time takes back. */
  get lends(): boolean {
    return this.duplicate >= 0 || this.ssl !== undefined;
  }

  /** Whether asking for that lease would wait for this one. */
  blocks(connection: object, exclusive: boolean): boolean {
    return connection === this.leased && !this.over && (exclusive || this.exclusive);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.ending !== undefined) this.#controller.abort(this.error());
    }
    return this.#controller.signal;
  }

  /** Any number of times; the first counts. */
  end(ending: Ending): void {
    if (bioScope.inside) {
      setImmediate(() => this.end(ending));
      return;
    }
    if (this.ending === undefined) this.#endOnce(ending);
    // What was lent for as long as the holder wants it, even if the lease ended before.
    if (ending === 'released' || ending === 'detached') this.#takeBack();
    if (ending === 'detached') this.leased.link.leave();
    this.leased.coordinator.leaks.ended(this);
  }

  /** Whether that outcome of a native call says that the lease is over; then it is. */
  lost(outcome: number): boolean {
    if (outcome !== NOT_HELD) return false;
    // The worker's word is on its way. Nothing but time ends an exclusive lease while the connection
    // is open; a shared one may have ended with the connection.
    const open = this.leased.link.readyState === OPEN && this.exclusive;
    const { expiresAt = Number.POSITIVE_INFINITY } = this;
    const expired =
      Date.now() + CLOCK >= expiresAt || (open && expiresAt < Number.POSITIVE_INFINITY);
    this.end(expired ? 'expired' : 'revoked');
    return true;
  }

  /** What every use of it throws, now that it has ended. */
  error(): LwsPoolError {
    const details = {
      connection: this.connection.id,
      label: this.label,
      ...(this.ending === 'detached' ? { reason: 'its connection was detached' } : {}),
      ...(this.ending === 'expired' && this.expiresAt !== undefined
        ? { timeout: this.expiresAt - this.acquiredAt }
        : {}),
    };
    return createError(
      CODES[this.ending ?? 'revoked'],
      details,
      this.cause === undefined ? undefined : { cause: this.cause },
    );
  }

  #endOnce(ending: Ending): void {
    const { count, coordinator } = this.leased;
    this.ending = ending;
    if (this.began > 0) count?.ended(this.began);
    this.observation?.ended(ending);
    // Before it is given back: what they have in flight is its.
    for (const user of this.users ?? []) user.leave(this, 0);
    if (this.began > 0) coordinator.trace.ended(this, ending);
    if (ending === 'released') this.#giveBack();
    this.#scope?.leaseEnded();
    this.#onEnd(this);
    // A lease that is released fires no signal.
    if (ending !== 'released') this.#controller?.abort(this.error());
  }

  #giveBack(): void {
    const { native, slot, generation } = this.leased;
    const closing = native.release(slot, generation, this.token, this.duplicate) === 1;
    if (closing) this.leased.closing();
  }

  #takeBack(): void {
    const { native, slot, generation } = this.leased;
    const { duplicate, inode, ssl } = this;
    this.duplicate = -1;
    this.ssl = undefined;
    if (duplicate >= 0) native.closeDuplicate(slot, generation, duplicate, inode);
    if (ssl !== undefined) native.dropTls(ssl);
  }
}

import { createError, type LwsPoolError } from '../errors/errors.js';
import type { NativeLeases } from '../native.js';
import type { Held } from './context.js';
import type { Ending, LeaseObservation } from './observation.js';
import type { Origin } from './origin.js';

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

/** The leases of a connection, as one of them knows them: see Leasing. */
export interface LeaseHome {
  readonly connection: { readonly id: string };
  readonly native: NativeLeases;
  readonly side: 'main' | 'handler';
  readonly slot: number;
  readonly generation: number;
  /** Ends it, once. */
  end(state: LeaseState, ending: Ending): void;
  /** Whether native code, which answered that, holds it to be over; then it is. */
  lost(state: LeaseState, outcome: number): boolean;
  /** Its connection is about to end by what the lease did. */
  closing(): void;
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
}

/**
 * All that is known of a lease, apart from the objects that its holder has: when those are lost to
 * the garbage collector, this is what is left to give the lease back.
 */
export class LeaseState implements Held {
  readonly leasing: LeaseHome;
  readonly exclusive: boolean;
  readonly token: number;
  readonly label: string | undefined;
  readonly origin: Origin;
  readonly acquiredAt = Date.now();
  /** The same by `performance.now()`; 0: nobody is to know of it. */
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
  /** The timer of `leakDetectionThreshold`. */
  watch: NodeJS.Timeout | undefined;
  /** It was reported as held for too long. */
  overdue = false;
  /** Who follows it besides. */
  observation: LeaseObservation | undefined;
  /** Called once, when it ends. */
  onEnd: (() => void) | undefined;
  /** Those that have to leave before it ends. */
  users: Set<LeaseUser> | undefined;
  #controller: AbortController | undefined;

  constructor(leasing: LeaseHome, grant: Grant) {
    this.leasing = leasing;
    this.exclusive = grant.exclusive;
    this.token = grant.token;
    this.label = grant.label;
    this.origin = grant.origin;
    this.began = grant.began;
    this.expiresAt = grant.maxHold === undefined ? undefined : this.acquiredAt + grant.maxHold;
  }

  get mode(): 'shared' | 'exclusive' {
    return this.exclusive ? 'exclusive' : 'shared';
  }

  get over(): boolean {
    return this.ending !== undefined;
  }

  /** Whether asking for that lease would wait for this one. */
  blocks(connection: object, exclusive: boolean): boolean {
    return connection === this.leasing && !this.over && (exclusive || this.exclusive);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.ending !== undefined) this.#controller.abort(this.error());
    }
    return this.#controller.signal;
  }

  /** Fires the signal, where somebody asked for it. A lease that is released fires none. */
  abort(): void {
    this.#controller?.abort(this.error());
  }

  /** What every use of it throws, now that it has ended. */
  error(): LwsPoolError {
    const { connection } = this.leasing;
    const details = {
      connection: connection.id,
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
}

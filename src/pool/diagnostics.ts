import { channel } from 'node:diagnostics_channel';
import type { HandlerConnection } from '../workers/handler-connection.js';
import type { Connection } from './connection.js';
import type { LwsPoolError } from './errors.js';
import type { LeaseReport } from './lease/leaks.js';
import type { LeaseMode } from './lease/leasing.js';
import type { Pool } from './pool.js';
import type { PoolWarning } from './trouble/warning.js';

/** An opening: the same object in its `start` and in its `opened` or `failed`. */
export interface ConnectAttempt {
  /** As asked for, without user and password. */
  readonly url: string;
  readonly kind: 'ws' | 'raw';
  readonly secure: boolean;
  /** Milliseconds since the epoch, with a fraction. */
  readonly at: number;
}

interface OfLease {
  /** A HandlerConnection in a worker. */
  readonly connection: Connection | HandlerConnection;
  readonly mode: LeaseMode;
  readonly label: string | undefined;
}

interface OfHeldLease extends OfLease {
  /** Unique and growing among the leases of a connection. */
  readonly token: bigint;
}

interface OfEndedLease extends OfHeldLease {
  /** Milliseconds. */
  readonly held: number;
}

/**
 * The channels of `node:diagnostics_channel` and what is published there. A channel is of one
 * thread: what happens to a group's connections, and leases that handlers take, are published in
 * their workers.
 */
export interface DiagnosticsMessages {
  'lws-pool:connection:start': { readonly attempt: ConnectAttempt };
  /** `duration` in ms, from the call of `connect()`; undefined for connections of a group. */
  'lws-pool:connection:opened': {
    readonly attempt: ConnectAttempt | undefined;
    readonly connection: Connection | HandlerConnection;
    readonly duration: number | undefined;
  };
  'lws-pool:connection:failed': {
    readonly attempt: ConnectAttempt | undefined;
    readonly error: LwsPoolError;
    readonly duration: number | undefined;
  };
  'lws-pool:connection:closed': {
    readonly connection: Connection | HandlerConnection;
    readonly code: number;
    readonly reason: string;
    readonly error: LwsPoolError | undefined;
  };
  'lws-pool:lease:requested': OfLease;
  /** `waited` in ms; 0 where it was free. */
  'lws-pool:lease:granted': OfHeldLease & { readonly waited: number };
  /** It was waited for in vain. */
  'lws-pool:lease:failed': OfLease & { readonly error: LwsPoolError; readonly waited: number };
  'lws-pool:lease:released': OfEndedLease;
  'lws-pool:lease:expired': OfEndedLease;
  'lws-pool:lease:revoked': OfEndedLease;
  'lws-pool:lease:detached': OfEndedLease;
  'lws-pool:lease:leaked': { readonly report: LeaseReport };
  'lws-pool:worker:started': {
    readonly pool: Pool;
    readonly worker: number;
    readonly threadId: number;
  };
  'lws-pool:worker:crashed': {
    readonly pool: Pool;
    readonly worker: number;
    readonly error: LwsPoolError;
  };
  /** It has not answered for a second: new connections go to others. `silentFor` in ms. */
  'lws-pool:worker:unresponsive': {
    readonly pool: Pool;
    readonly worker: number;
    readonly silentFor: number;
  };
  'lws-pool:warning': { readonly pool: Pool; readonly warning: PoolWarning };
}

interface Published<Message> {
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

function published<Name extends keyof DiagnosticsMessages>(
  name: Name,
): Published<DiagnosticsMessages[Name]> {
  return channel(name);
}

/** Looked up once. Whoever publishes asks `hasSubscribers` before he makes a message. */
export const channels = {
  start: published('lws-pool:connection:start'),
  opened: published('lws-pool:connection:opened'),
  failed: published('lws-pool:connection:failed'),
  closed: published('lws-pool:connection:closed'),
  leaseRequested: published('lws-pool:lease:requested'),
  leaseGranted: published('lws-pool:lease:granted'),
  leaseFailed: published('lws-pool:lease:failed'),
  leaseEnded: {
    released: published('lws-pool:lease:released'),
    expired: published('lws-pool:lease:expired'),
    revoked: published('lws-pool:lease:revoked'),
    detached: published('lws-pool:lease:detached'),
  },
  leaseLeaked: published('lws-pool:lease:leaked'),
  workerStarted: published('lws-pool:worker:started'),
  workerCrashed: published('lws-pool:worker:crashed'),
  workerUnresponsive: published('lws-pool:worker:unresponsive'),
  warning: published('lws-pool:warning'),
} as const;

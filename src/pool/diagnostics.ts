import type { Connection } from '../connection/connection.js';
import type { HandlerConnection } from '../connection/handler-connection.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { PoolWarning } from '../health/warning.js';
import type { LeaseReport } from '../lease/leaks.js';
import type { LeaseMode } from '../lease/observation.js';
import type { Pool } from './pool.js';
import type { ConnectAttempt } from './publisher.js';

/** Message about a lease. */
export interface LeaseMessage {
  /** Its connection; a HandlerConnection in a worker. */
  readonly connection: Connection | HandlerConnection;
  /** Mode of the lease. */
  readonly mode: LeaseMode;
  /** The option `label`. */
  readonly label: string | undefined;
}

/** Message about a lease that could not be had. */
export interface FailedLeaseMessage extends LeaseMessage {
  /** The error that `lease()` rejects with. */
  readonly error: LwsPoolError;
  /** How long it was waited for. Milliseconds. */
  readonly waited: number;
}

/** Message about a lease that was granted. */
export interface GrantedLeaseMessage extends LeaseMessage {
  /** Its fencing token, see {@link Lease.token}. */
  readonly token: bigint;
  /** How long it was waited for; 0 where it was free. Milliseconds. */
  readonly waited: number;
}

/** Message about a lease that has ended. */
export interface EndedLeaseMessage extends LeaseMessage {
  /** Its fencing token, see {@link Lease.token}. */
  readonly token: bigint;
  /** How long it was held. Milliseconds. */
  readonly held: number;
}

/**
 * The channels of `node:diagnostics_channel`, with the type of their messages. A channel belongs to a
 * thread: messages about connections of groups, and about leases that handlers take, are published in
 * the workers. Times are milliseconds.
 */
export interface DiagnosticsMessages {
  /** `connect()` was called. */
  'lws-pool:connection:start': {
    /** The call. */
    readonly attempt: ConnectAttempt;
  };
  /** A connection has opened. */
  'lws-pool:connection:opened': {
    /** The call of `connect()`; undefined for connections of a group. */
    readonly attempt: ConnectAttempt | undefined;
    /** The connection; a HandlerConnection in a worker. */
    readonly connection: Connection | HandlerConnection;
    /** Time since `connect()` was called; undefined for connections of a group. */
    readonly duration: number | undefined;
  };
  /** A connection could not be opened. */
  'lws-pool:connection:failed': {
    /** The call of `connect()`; undefined for connections of a group. */
    readonly attempt: ConnectAttempt | undefined;
    /** The error that `connect()` rejects with. */
    readonly error: LwsPoolError;
    /** Time since `connect()` was called; undefined for connections of a group. */
    readonly duration: number | undefined;
  };
  /** A connection has ended. */
  'lws-pool:connection:closed': {
    /** The connection; a HandlerConnection in a worker. */
    readonly connection: Connection | HandlerConnection;
    /** Close code (RFC 6455 section 7.4); 1006 without one. */
    readonly code: number;
    /** Close reason; `''` without one. */
    readonly reason: string;
    /** Its error; undefined where nothing went wrong. */
    readonly error: LwsPoolError | undefined;
  };
  /** A lease is waited for. */
  'lws-pool:lease:requested': LeaseMessage;
  /** A lease was granted. */
  'lws-pool:lease:granted': GrantedLeaseMessage;
  /** Waiting for a lease has failed. */
  'lws-pool:lease:failed': FailedLeaseMessage;
  /** A lease was released. */
  'lws-pool:lease:released': EndedLeaseMessage;
  /** A lease was held for longer than `maxHold`. */
  'lws-pool:lease:expired': EndedLeaseMessage;
  /** A lease ended with its connection. */
  'lws-pool:lease:revoked': EndedLeaseMessage;
  /** The holder of a lease has detached the connection. */
  'lws-pool:lease:detached': EndedLeaseMessage;
  /** A lease was lost by its holder, and released by the pool. */
  'lws-pool:lease:leaked': {
    /** The lease. */
    readonly report: LeaseReport;
  };
  /** A worker thread has started. */
  'lws-pool:worker:started': {
    /** Its pool. */
    readonly pool: Pool;
    /** Index of the worker. */
    readonly worker: number;
    /** `threadId` of `node:worker_threads`; -1 where there is no thread. */
    readonly threadId: number;
  };
  /** A worker thread has died; another takes its place. */
  'lws-pool:worker:crashed': {
    /** Its pool. */
    readonly pool: Pool;
    /** Index of the worker. */
    readonly worker: number;
    /** The error with which its connections have ended. */
    readonly error: LwsPoolError;
  };
  /** A worker has not answered for a second: new connections go to others. */
  'lws-pool:worker:unresponsive': {
    /** Its pool. */
    readonly pool: Pool;
    /** Index of the worker. */
    readonly worker: number;
    /** How long it has not answered so far. */
    readonly silentFor: number;
  };
  /** The pool warns, as by its event `warning`. */
  'lws-pool:warning': {
    /** The pool. */
    readonly pool: Pool;
    /** The warning. */
    readonly warning: PoolWarning;
  };
}

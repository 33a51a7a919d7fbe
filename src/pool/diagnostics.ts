import type { Connection } from '../connection/connection.js';
import type { HandlerConnection } from '../connection/handler-connection.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { PoolWarning } from '../health/warning.js';
import type { LeaseReport } from '../lease/leaks.js';
import type { LeaseMode } from '../lease/observation.js';
import type { ConnectAttempt } from './connect-trace.js';
import type { Pool } from './pool.js';

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

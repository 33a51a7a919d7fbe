import type { Connection } from '../connection/connection.js';
import type { ConnectionUrl } from '../connection/url.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { PoolWarning } from '../health/warning.js';
import type { LeaseReport } from '../lease/leaks.js';
import type { LeaseObservation, LeaseSubject } from '../lease/observation.js';

/** Follows an opening until it is known how it went. */
export interface ConnectObservation {
  /** The addresses of the host are known. */
  resolved?(): void;
  opened?(connection: Connection): void;
  failed?(error: LwsPoolError): void;
}

/**
 * One way of looking at a pool: counting, diagnostics channels, User Timing, spans. Each is told on
 * the main thread, and only of the members that it has.
 */
export interface PoolObserver {
  /** Called within `connect()`. Undefined: nobody looks at this one. */
  connecting?(url: ConnectionUrl): ConnectObservation | undefined;
  /** Called within the call that asks for a lease of the main thread. Undefined: as above. */
  leasing?(subject: LeaseSubject): LeaseObservation | undefined;
  /** A lease was lost by its holder, or is held for long. */
  leaseReported?(report: LeaseReport): void;
  workerStarted?(worker: number, threadId: number): void;
  workerCrashed?(worker: number, error: LwsPoolError): void;
  /** @param silentFor how long it has not answered so far; milliseconds */
  workerUnresponsive?(worker: number, silentFor: number): void;
  warned?(warning: PoolWarning): void;
}

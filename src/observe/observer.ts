import type { Connection } from '../connection/connection.js';
import type { ConnectionUrl } from '../connection/url.js';
import type { LeaseObservation, LeaseSubject } from '../lease/observation.js';

/** Follows an opening until it is known how it went. */
export interface ConnectObservation {
  opened(connection: Connection): void;
  failed(error: unknown): void;
}

/** Told of single connections and of leases of the main thread, where somebody traces them. */
export interface PoolObserver {
  /** Called within `connect()`. */
  connecting(target: ConnectionUrl): ConnectObservation;
  /** Called within what asks for the lease. */
  leasing(subject: LeaseSubject): LeaseObservation;
}

import type { Connection } from './connection.js';
import type { Ending } from './lease/state.js';
import type { Target } from './url.js';

/** Follows an opening until it is known how it went. */
export interface ConnectObservation {
  opened(connection: Connection): void;
  failed(error: unknown): void;
}

/** Follows a lease. It must not hold the lease's handle: one that is forgotten could not be found. */
export interface LeaseObservation {
  granted(): void;
  /** It was waited for in vain. */
  failed(error: unknown): void;
  ended(ending: Ending): void;
}

export interface LeaseSubject {
  readonly connection: string;
  readonly mode: 'shared' | 'exclusive';
  readonly label: string | undefined;
}

/** Told of single connections and of leases of the main thread, where somebody traces them. */
export interface PoolObserver {
  /** Called within `connect()`. */
  connecting(target: Target): ConnectObservation;
  /** Called within what asks for the lease. */
  leasing(subject: LeaseSubject): LeaseObservation;
}

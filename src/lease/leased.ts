import type { Link } from '../channel/link.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { NativeLeases } from '../native.js';
import type { LeaseCoordinator } from './coordinator.js';
import { type LeaseCount, leaseCount } from './count.js';

/** A connection on the main thread or in a handler, as its leases know it. */
export class LeasedConnection {
  readonly connection: { readonly id: string };
  readonly link: Link;
  readonly coordinator: LeaseCoordinator;
  readonly count: LeaseCount | undefined;

  constructor(connection: { readonly id: string }, link: Link, coordinator: LeaseCoordinator) {
    this.connection = connection;
    this.link = link;
    this.coordinator = coordinator;
    this.count = leaseCount(link.figures, coordinator.side, coordinator.durations);
  }

  get native(): NativeLeases {
    return this.coordinator.native;
  }

  get slot(): number {
    return this.link.slot;
  }

  get generation(): number {
    return this.link.generation;
  }

  /** A lease came back, and the connection ends of what its holder did. */
  closing(): void {
    this.link.leave();
  }

  closedError(cause?: LwsPoolError): LwsPoolError {
    const details = { connection: this.connection.id };
    return createError('ERR_CONNECTION_CLOSED', details, cause && { cause });
  }
}

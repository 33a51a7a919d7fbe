import type { LeaseState } from '../pool/lease/state.js';
import type { Operation } from './operation.js';

/** A ring's hold on the socket of a lease, from its first operation to the lease's end. */
export interface Attachment {
  readonly state: LeaseState;
  /** The ring's number for the socket. */
  readonly target: number;
  /** In flight, and not done with the socket; each knows where it stands. */
  readonly operations: Operation[];
}

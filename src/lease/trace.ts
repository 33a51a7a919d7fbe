import { channels } from '../base/diagnostics.js';
import { measure } from '../base/user-timing.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { Ending, LeaseMode } from './observation.js';
import type { LeaseState } from './state.js';

/** A lease that is asked for, as it is told of. */
export interface Wanted {
  readonly connection: { readonly id: string };
  readonly mode: LeaseMode;
  readonly label: string | undefined;
}

/** What is told of the leases that one thread takes. Where nobody looks, next to nothing is done. */
export class LeaseTrace {
  readonly #timing: boolean;

  /** @param timing whether waiting and holding are measured, see user-timing.ts */
  constructor(timing: boolean) {
    this.#timing = timing;
  }

  requested(wanted: Wanted): void {
    if (channels.leaseRequested.hasSubscribers) channels.leaseRequested.publish(told(wanted));
  }

  /** @param waited milliseconds; 0: it was free */
  granted(state: LeaseState, waited: number): void {
    if (this.#timing && waited > 0) {
      measure('lws-pool:lease:wait', performance.now() - waited, detailOf(state));
    }
    if (!channels.leaseGranted.hasSubscribers) return;
    channels.leaseGranted.publish({ ...toldOf(state), waited });
  }

  /** @param asked when it was asked for, as performance.now() counts */
  failed(wanted: Wanted, error: LwsPoolError, asked: number): void {
    const { connection, mode, label } = wanted;
    if (this.#timing) {
      const detail = { connection: connection.id, mode, label, error: error.code };
      measure('lws-pool:lease:wait', asked, detail);
    }
    if (!channels.leaseFailed.hasSubscribers) return;
    channels.leaseFailed.publish({ ...told(wanted), error, waited: performance.now() - asked });
  }

  ended(state: LeaseState, ending: Ending): void {
    if (this.#timing) measure('lws-pool:lease:hold', state.began, detailOf(state));
    const channel = channels.leaseEnded[ending];
    if (!channel.hasSubscribers) return;
    channel.publish({ ...toldOf(state), held: performance.now() - state.began });
  }
}

function detailOf({ leasing, mode, label, token }: LeaseState) {
  return { connection: leasing.connection.id, mode, label, token };
}

function told({ connection, mode, label }: Wanted) {
  return { connection, mode, label };
}

function toldOf(state: LeaseState) {
  const { leasing, mode, label, token } = state;
  return { ...told({ connection: leasing.connection, mode, label }), token: BigInt(token) };
}

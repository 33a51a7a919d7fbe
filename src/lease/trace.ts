import { channels } from '../base/diagnostics.js';
import { measure } from '../base/user-timing.js';
import type { LwsPoolError } from '../errors/errors.js';
import type { Ending, LeaseFacts, LeaseRequest } from './observation.js';

/** What is told of the leases that one thread takes. Where nobody looks, next to nothing is done. */
export class LeaseTrace {
  readonly #timing: boolean;

  /** @param timing whether waiting and holding are measured, see user-timing.ts */
  constructor(timing: boolean) {
    this.#timing = timing;
  }

  requested(request: LeaseRequest): void {
    if (channels.leaseRequested.hasSubscribers) channels.leaseRequested.publish(asked(request));
  }

  /** @param waited milliseconds; 0: it was free */
  granted(lease: LeaseFacts, waited: number): void {
    if (this.#timing && waited > 0) {
      measure('lws-pool:lease:wait', performance.now() - waited, detailOf(lease));
    }
    if (!channels.leaseGranted.hasSubscribers) return;
    channels.leaseGranted.publish({ ...granted(lease), waited });
  }

  /** @param since when it was asked for, as performance.now() counts */
  failed(request: LeaseRequest, error: LwsPoolError, since: number): void {
    const { connection, mode, label } = request;
    if (this.#timing) {
      const detail = { connection: connection.id, mode, label, error: error.code };
      measure('lws-pool:lease:wait', since, detail);
    }
    if (!channels.leaseFailed.hasSubscribers) return;
    channels.leaseFailed.publish({ ...asked(request), error, waited: performance.now() - since });
  }

  ended(lease: LeaseFacts, ending: Ending): void {
    if (this.#timing) measure('lws-pool:lease:hold', lease.began, detailOf(lease));
    const channel = channels.leaseEnded[ending];
    if (!channel.hasSubscribers) return;
    channel.publish({ ...granted(lease), held: performance.now() - lease.began });
  }
}

function detailOf({ connection, mode, label, token }: LeaseFacts) {
  return { connection: connection.id, mode, label, token };
}

function asked({ connection, mode, label }: LeaseRequest) {
  return { connection, mode, label };
}

function granted(lease: LeaseFacts) {
  return { ...asked(lease), token: BigInt(lease.token) };
}

import { channel } from 'node:diagnostics_channel';

interface Published {
  readonly hasSubscribers: boolean;
  publish(message: object): void;
}

const published = (name: string): Published => channel(name);

/**
 * Looked up once. Ask `hasSubscribers` before making a message; which message goes with which name
 * is in pool/diagnostics.ts.
 */
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

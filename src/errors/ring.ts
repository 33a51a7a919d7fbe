import type { ErrorEntry } from './details.js';
import { because, note, shown } from './phrases.js';

/** Failures of rings. What fails on a lease's socket is an error of leases. */
export const RING_ERRORS = {
  ERR_URING_UNAVAILABLE: {
    summary: 'io_uring, or a part of it, is missing here or may not be used.',
    message: ({ operation, reason }) =>
      `Not available here: ${operation === undefined ? 'io_uring' : shown(operation)}${reason === undefined ? '' : ` (${shown(reason)})`}. Go on without it, or allow it: Linux 6.1 or newer, the sysctl kernel.io_uring_disabled at 0, and a seccomp profile of the container that lets io_uring_setup pass. Ring.features() says what there is.`,
  },
  ERR_RING_CLOSED: {
    summary: 'A ring was used after it was closed, or closed with the operation in flight.',
    message: ({ operation }) =>
      `${operation === undefined ? 'The operation' : shown(operation)} was not done, its ring is closed. Await what is in flight before close(), or make another Ring.`,
  },
  ERR_RING_FULL: {
    summary: 'A ring has no room for the operation, or for the chain.',
    message: ({ limit, reason }) =>
      `The ring takes no more operations now${because(reason)}. Await some of those in flight, or raise "entries"${note(' above ', limit)}.`,
  },
  ERR_RING_TIMEOUT: {
    summary: 'An operation did not end before the linkTimeout() behind it.',
    message: ({ operation, timeout, connection }) =>
      `${operation === undefined ? 'The operation' : shown(operation)}${note(' on connection ', connection)} did not end${note(' within ', timeout, ' ms')} and was cancelled. What it had moved by then is moved; raise the time of linkTimeout() if the peer is only slow.`,
  },
} as const satisfies Record<string, ErrorEntry>;

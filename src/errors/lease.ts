import type { ErrorDetails, ErrorEntry } from './details.js';
import { because, errnoNote, note, shown } from './phrases.js';

/** `The lease "backup" on connection 3.17.1`, as far as it is known. */
function theLease({ label, connection }: ErrorDetails): string {
  const named = label === undefined ? '' : ` ${shown(label)}`;
  return `The lease${named}${connection === undefined ? '' : ` on connection ${connection}`}`;
}

/** Failures of leases on a connection's descriptor and SSL object. */
export const LEASE_ERRORS = {
  ERR_NOT_ESTABLISHED: {
    summary: 'A lease was asked for on a connection that is not established yet.',
    message: ({ connection }) =>
      `Connection${note(' ', connection)} is not established yet, so it has no descriptor to lease. Wait until connect() has resolved.`,
  },
  ERR_LEASE_MODE: {
    summary: 'The operation needs an exclusive lease, and this one is shared.',
    message: ({ operation = 'The operation', mode = 'shared' }) =>
      `${shown(operation)} needs an exclusive lease; this one is ${shown(mode)}, and the worker goes on using the connection. Take the lease with 'exclusive'.`,
  },
  ERR_LEASE_RELEASED: {
    summary: 'A lease was used after it was released or detached.',
    message: (details) =>
      `${theLease(details)} was given back${because(details.reason)}. Take another one.`,
  },
  ERR_LEASE_EXPIRED: {
    summary: 'A lease was used after it had been held for as long as maxHold allows.',
    message: (details) =>
      `${theLease(details)} has expired${note(' after ', details.timeout, ' ms')}. Raise "maxHold", or hold it for less long.`,
  },
  ERR_LEASE_REVOKED: {
    summary: 'A lease was used after its connection had ended, or its worker or pool.',
    message: (details) =>
      `${theLease(details)} was revoked, its connection has ended${because(details.reason)}. Listen to the lease's "signal" to learn of it.`,
  },
  ERR_LEASE_TIMEOUT: {
    summary: 'A lease was not granted within its option timeout.',
    message: (details) =>
      `${theLease(details)} was not granted${note(' within ', details.timeout, ' ms')}. Somebody holds the connection, or its peer does not take what was sent before. Raise "timeout", or limit the others with "maxHold".`,
  },
  ERR_LEASE_BUSY: {
    summary: 'A lease that had to be granted at once was not free.',
    message: (details) =>
      `${theLease(details)} cannot be granted at once: somebody holds the connection, or its peer has not taken what was sent. Await lease() instead.`,
  },
  ERR_WORKER_BUSY: {
    summary: 'The worker was using the connection, and did not come to an end with it.',
    message: ({ operation = 'The operation', connection }) =>
      `${shown(operation)} was not done: the worker is using ${connection === undefined ? 'the connection' : `connection ${connection}`} and did not let go of it in time. Try again later; if it goes on, a function of a BIO on that connection does not return.`,
  },
  ERR_LEASE_DEADLOCK: {
    summary: 'A lease was asked for that would wait for one which the same code holds.',
    message: (details) =>
      `${theLease(details)} would wait for ever: the code that asks for it holds one on the same connection. Release that first, or pass it on.`,
  },
  ERR_LEASE_OPERATION: {
    summary: 'The system refused what a lease asked of the socket, or the peer has gone.',
    message: ({ syscall = 'A system call', connection, errno, reason }) =>
      `${shown(syscall)}${note(' on connection ', connection)} failed${errnoNote({ errno })}${because(reason)}. Look at the option or the bytes that were given; an error such as ECONNRESET is the connection's end.`,
  },
  ERR_LEASE_TAINTED: {
    summary: 'A lease came back with the stream broken; its connection was closed.',
    message: (details) =>
      `${theLease(details)} came back with the stream broken${because(details.reason)}, so the connection was closed. Read and write whole frames under an exclusive lease, or detach() the connection.`,
  },
} as const satisfies Record<string, ErrorEntry>;

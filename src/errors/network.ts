import type { ErrorDetails, ErrorEntry } from './details.js';
import { because, errnoNote, note, peer, peerAtStart, shown } from './phrases.js';

/** `the handler file:///h.js`, as far as it is known. */
function module({ phase, handler, bio }: ErrorDetails): string {
  return phase === 'BIO' ? `the BIO module${note(' ', bio)}` : `the handler${note(' ', handler)}`;
}

/** Failures on the way to an open socket. */
export const NETWORK_ERRORS = {
  ERR_NAME_NOT_FOUND: {
    summary: 'The host name does not exist or has no address.',
    message: (details) =>
      `The name "${shown(details.host ?? '')}" has no address${errnoNote(details)}. Check its spelling and the DNS search domains of this machine.`,
  },
  ERR_NAME_LOOKUP: {
    summary: 'The name lookup itself failed; the name may well exist.',
    message: (details) =>
      details.option !== undefined
        ? `Looking up "${shown(details.host ?? '')}" failed in the function of the option "${shown(details.option)}"${because(details.reason)}. Correct that function, or whatever it asks; the cause is what it failed with.`
        : `Looking up "${shown(details.host ?? '')}" failed${errnoNote(details) || because(details.reason)}. Check that the name servers of this machine answer, then try again.`,
  },
  ERR_CONNECTION_REFUSED: {
    summary: 'Nothing accepts connections at that address.',
    message: (details) =>
      `${peerAtStart(details)} refused the connection${errnoNote(details)}. Check that the server runs and listens there.`,
  },
  ERR_UNREACHABLE: {
    summary: 'No packet reaches the address, or none comes back.',
    message: (details) =>
      `${peerAtStart(details)} cannot be reached${note(' from ', details.localAddress)}${errnoNote(details)}. Check the address, the routes and the firewalls in between.`,
  },
  ERR_CONNECTION_RESET: {
    summary: 'The connection was cut before the opening handshake was done.',
    message: (details) =>
      `${peerAtStart(details)} cut the connection${note(' during ', details.phase)} before it was open${errnoNote(details)}${because(details.reason)}. Check that it speaks the protocol of the URL and is not overloaded.`,
  },
  ERR_HANDSHAKE_TIMEOUT: {
    summary: 'The connection was not open within the option timeout.',
    message: (details) =>
      details.phase === 'worker'
        ? `${peerAtStart(details)} was not open${note(' after ', details.timeout, ' ms')}: ${details.worker === undefined ? 'no worker was there to open it' : `worker ${details.worker} does not answer`}. Look for a handler that runs on, or for what workers die of or cannot start for.`
        : details.phase === 'handler' || details.phase === 'BIO'
          ? `${peerAtStart(details)} was not open${note(' after ', details.timeout, ' ms')}: worker${note(' ', details.worker)} has not loaded ${module(details)}. Look for a top-level await or a loop in it, or for a handler that keeps the worker busy; raise "timeout" if it is only slow.`
          : `${peerAtStart(details)} was not open${note(' after ', details.timeout, ' ms')}${note(', still in ', details.phase)}. Check that the server answers, raise "timeout", or open fewer connections at once.`,
  },
  ERR_ABORTED: {
    summary: 'The signal of the caller aborted the opening, the wait for a lease, or an operation.',
    message: (details) =>
      details.operation !== undefined
        ? `${shown(details.operation)}${note(' on connection ', details.connection)} was cancelled${because(details.reason)}.`
        : details.connection !== undefined
          ? `Waiting for a lease on connection ${shown(String(details.connection))} was aborted by its signal${because(details.reason)}.`
          : `Opening the connection to ${peer(details)} was aborted by its signal${because(details.reason)}.`,
  },
  ERR_TOO_MANY_FILES: {
    summary: 'The process or the system has no file descriptor left.',
    message: (details) =>
      `No file descriptor is left ${details.operation === undefined ? `for a connection to ${peer(details)}` : `to ${shown(details.operation)}`}${errnoNote(details)}${note('; the limit is ', details.limit)}. Raise it (ulimit -n, LimitNOFILE= of systemd; fs.file-max where errno is ENFILE) or lower "maxConnections".`,
  },
  ERR_LOCAL_PORTS_EXHAUSTED: {
    summary: 'Every local port towards that address is in use.',
    message: (details) =>
      `No local port is left for a connection to ${peer(details)}${note(' from ', details.localAddress)}${errnoNote(details)}. Give "localAddress" a list of addresses of this machine, or widen net.ipv4.ip_local_port_range.${details.address?.includes(':') ? ' Towards an IPv6 address it can also mean that this machine has no IPv6.' : ''}`,
  },
  ERR_LOCAL_ADDRESS: {
    summary: 'The option localAddress is not an address of this machine.',
    message: (details) =>
      `${details.localAddress === undefined ? 'The local address' : shown(details.localAddress)} cannot be bound on this machine${errnoNote(details)}. List its addresses with "ip address" and correct "localAddress".`,
  },
  ERR_SOCKET: {
    summary: 'The operating system refused a socket call with another error number.',
    message: (details) =>
      `The socket to ${peer(details)} failed${errnoNote(details)}${because(details.reason)}. The error number says why: see errno(3).`,
  },
} as const satisfies Record<string, ErrorEntry>;

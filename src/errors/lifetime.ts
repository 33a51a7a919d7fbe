import type { ErrorDetails, ErrorEntry } from './details.js';
import { because, errnoNote, note, peer, shown } from './phrases.js';

/** `The connection to example.com:443`, or by its id where nothing else is known. */
function theConnection(details: ErrorDetails): string {
  const { host, address, unixPath, url, connection } = details;
  const named = host ?? address ?? unixPath ?? url;
  if (named === undefined && connection !== undefined)
    return `Connection ${shown(`${connection}`)}`;
  return `The connection to ${peer(details)}`;
}

function theHandler({ handler }: ErrorDetails): string {
  return handler === undefined ? 'The handler module' : `The handler ${shown(handler)}`;
}

function bytes(count: number | undefined, otherwise: string): string {
  return count === undefined ? otherwise : `${count} bytes`;
}

/** Failures of a connection that was open. */
export const CONNECTION_ERRORS = {
  ERR_CONNECTION_LOST: {
    summary: 'The peer vanished or reset the connection after it was open.',
    message: (details) =>
      `${theConnection(details)} was lost without a close handshake${errnoNote(details)}${because(details.reason)}${details.midMessage === true ? ', within a message' : ''}. What was sent last may not have arrived: connect again and repeat what must not be lost.`,
  },
  ERR_CONNECTION_CLOSED: {
    summary: 'The connection was used after it was closed or began to close.',
    message: (details) =>
      `${theConnection(details)} is closed${note(' (code ', details.closeCode, ')')}: nothing can be sent or asked of it. Check "readyState", or stop at the event "close".`,
  },
  ERR_PROTOCOL: {
    summary: 'The peer broke RFC 6455 (close code 1002).',
    message: (details) =>
      `${theConnection(details)} was closed with 1002, its peer broke the WebSocket protocol${because(details.reason)}. Correct the peer, or whatever changes its bytes on the way.`,
  },
  ERR_INVALID_UTF8: {
    summary: 'The peer sent text that is not UTF-8 (close code 1007).',
    message: (details) =>
      `${theConnection(details)} was closed with 1007, its peer sent text that is not UTF-8. The peer has to send such data as binary messages.`,
  },
  ERR_COMPRESSION: {
    summary:
      'The peer sent a compressed message that cannot be, or must not be, inflated (close code 1007, or 1009 for maxRatio).',
    message: (details) =>
      `${theConnection(details)} was closed, its peer sent a compressed message that is not to be inflated${because(details.reason)}. Correct the peer, raise "compression.maxRatio" if such messages are meant, or connect without "compression".`,
  },
  ERR_MESSAGE_TOO_BIG: {
    summary: 'The peer sent a message larger than the option maxPayload (close code 1009).',
    message: (details) =>
      `${theConnection(details)} was closed with 1009, a message of ${bytes(details.size, 'more bytes')} passes "maxPayload" of ${bytes(details.limit, 'this connection')}. Raise the option if such messages are meant.`,
  },
  ERR_NO_MEMORY: {
    summary: 'There is no memory for what was to be sent or has come.',
    message: (details) =>
      `${theConnection(details)} needs memory that is not there${because(details.reason)}. Send and read less at once, or raise the limit of the process (ulimit -v, a container's memory).`,
  },
  ERR_CLOSE_TIMEOUT: {
    summary: 'The peer did not finish the close handshake within the option closeTimeout.',
    message: (details) =>
      details.unsent !== undefined
        ? `${theConnection(details)} was cut: in the last ${details.timeout} ms its peer took too little of what was sent before its close frame, and has not taken ${bytes(details.unsent, 'all')}. Raise "closeTimeout", or look for a peer that has stopped reading.`
        : details.reason === undefined && details.worker === undefined
          ? `${theConnection(details)} was cut: its peer did not answer the close frame${note(' within ', details.timeout, ' ms')}. Raise "closeTimeout" if the peer is only slow.`
          : details.worker !== undefined
            ? `${theConnection(details)} was cut${note(' after ', details.timeout, ' ms')}: worker ${details.worker} does not answer. Look for a handler that runs on.`
            : `${theConnection(details)} was cut${note(' after ', details.timeout, ' ms')}${because(details.reason)}. Release leases before you close their connection.`,
  },
  ERR_HANDLER_LOAD: {
    summary: 'The module of a handler or of a BIO cannot be loaded, or exports none.',
    message: (details) =>
      `${details.bio === undefined ? theHandler(details) : `The BIO module ${shown(details.bio)}`} cannot be loaded${because(details.reason)}. It has to be a module that a worker can import and whose default export comes from ${details.bio === undefined ? 'defineHandler()' : 'defineBio()'}.`,
  },
  ERR_HANDLER_FAILED: {
    summary: 'A handler threw; its connection was closed.',
    message: (details) =>
      `${theHandler(details)} threw${note(' in ', details.callback, '()')}${because(details.reason)}. Its connection was closed, no other one; the cause holds what was thrown.`,
  },
} as const satisfies Record<string, ErrorEntry>;

/** Failures of the pool and its workers. */
export const POOL_ERRORS = {
  ERR_WORKER_CRASHED: {
    summary: 'The worker that held the connection died.',
    message: (details) =>
      `Worker${note(' ', details.worker)} died and its connections with it${because(details.reason)}. A new worker takes its place: connect again.`,
  },
  ERR_WORKER_UNRESPONSIVE: {
    summary:
      'A worker did not answer for as long as the option workerTimeout allows; it was ended.',
    message: (details) =>
      `Worker${note(' ', details.worker)} did not answer${note(' for ', details.timeout, ' ms')} and was ended. Look for a handler that loops or waits; raise "workerTimeout" if it is meant to, or set it to 0 while you debug.`,
  },
  ERR_WORKER_START: {
    summary:
      'A worker could not be started: descriptors, threads or memory ran short, or its thread may not be made.',
    message: ({ worker, reason, hint }) =>
      `Worker${note(' ', worker)} could not be started${because(reason)}. ${hint ?? 'Free what ran short or raise its limit (ulimit -n, ulimit -u, memory), then try again.'}`,
  },
  ERR_NESTED_POOL: {
    summary: 'A pool was created in a worker of another pool that was still starting.',
    message: () =>
      'This thread is a worker of a pool that is still starting, and a pool in it would start workers without end. Workers load the modules of --import and --require too: create the pool only where "isMainThread" of node:worker_threads is true.',
  },
  ERR_POOL_FAILED: {
    summary: 'The pool gave up because its workers crash again and again.',
    message: (details) =>
      `The pool gave up after ${details.crashes === undefined ? 'repeated' : details.crashes} crashes of its workers${because(details.reason)}. The cause is the last crash: repair it, then create a new pool.`,
  },
  ERR_POOL_CLOSED: {
    summary:
      'The pool was used after it was closed or destroyed, or a connection ended or was given up with it.',
    message: (details) =>
      details.connection === undefined && details.url === undefined
        ? 'The pool is closed and opens no more connections. Create a new pool.'
        : `${theConnection(details)} ended with its pool, which was destroyed or had no more time to close${because(details.reason)}. To end connections in order, await pool.close() with a "timeout" that is long enough.`,
  },
  ERR_TOO_MANY_CONNECTIONS: {
    summary: 'The pool holds as many connections as the option maxConnections allows.',
    message: (details) =>
      `That would pass the ${details.limit === undefined ? '' : `${details.limit} `}connections "maxConnections" allows the pool. Close some, or raise the option together with ulimit -n.`,
  },
  ERR_SYSTEM: {
    summary: 'A call to the system or to libwebsockets failed that should not.',
    message: (details) =>
      `${details.syscall === undefined ? 'A system call' : shown(details.syscall)} failed${errnoNote({ errno: details.errno })}${because(details.reason)}. Look for limits on memory, threads and descriptors; else please report it with this message.`,
  },
} as const satisfies Record<string, ErrorEntry>;

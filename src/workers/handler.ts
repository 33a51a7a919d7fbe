import type { HandlerConnection } from '../connection/handler-connection.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { Lease } from '../lease/lease.js';
import type { Received } from '../native.js';
import type { LeaseOptions } from '../options/options.js';

/** Passed to a {@link HandlerFactory}: one for each group (or connection) and worker. */
export interface HandlerContext<Data = unknown> {
  /** The option `data`: each worker has its own copy. */
  readonly data: Data;
  /** Index of the worker thread. */
  readonly worker: number;
  /** The group's open connections in this worker. */
  readonly connections: Iterable<HandlerConnection>;
  /**
   * Returns an exclusive lease on a connection at once: the handler already runs on the thread that
   * owns descriptor and SSL object. Call `release()` when done.
   *
   * @throws LwsPoolError ERR_LEASE_BUSY where another holder has it, or not all that was sent
   *   has left; ERR_CONNECTION_CLOSED, ERR_ABORTED, ERR_INVALID_ARGUMENT
   */
  leaseNow(connection: HandlerConnection, options?: LeaseOptions): Lease<HandlerConnection>;
  /**
   * Counts the messages of the group's connections in this worker, closed ones included. On raw
   * connections each read counts as a message. Native code counts, with or without `message`.
   */
  received(): Received;
  /**
   * Sends a value (structured clone) to the event `post` of the group on the main thread.
   *
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  post(value: unknown): void;
}

/**
 * Functions that handle connections in the worker that serves them, without crossing between threads.
 * They run on the worker's thread, one call at a time, and must not block it: its other connections
 * would wait. They may be asynchronous. If one throws, its connection closes with 1011 and the error
 * ERR_HANDLER_FAILED; no other connection is affected.
 */
export interface Handler {
  /** Called once, when a connection has opened, before any other call for it. */
  open?(connection: HandlerConnection): void | Promise<void>;
  /**
   * A message of a WebSocket. You may keep the Buffer, and release a large one with `releaseMessage()`;
   * the rest of `data.buffer` is not yours. A handler without `message` when it is made gets none
   * later: its messages are only counted, see `received()`, and cost nothing more.
   */
  message?(connection: HandlerConnection, data: Buffer, isBinary: boolean): void | Promise<void>;
  /** Bytes of a raw connection; otherwise as `message`. */
  data?(connection: HandlerConnection, data: Buffer): void | Promise<void>;
  /**
   * The peer of a raw connection has ended its side, and sends nothing more. This side ends as well,
   * after everything sent so far.
   */
  end?(connection: HandlerConnection): void | Promise<void>;
  /** The kernel has taken everything that was sent, after `send()` returned false. */
  drain?(connection: HandlerConnection): void | Promise<void>;
  /** The last call for a connection that was open. */
  close?(connection: HandlerConnection, code: number, reason: string): void | Promise<void>;
  /** Something went wrong; `close` follows. */
  error?(connection: HandlerConnection, error: LwsPoolError): void | Promise<void>;
  /** A ping of the peer; it has been answered. */
  ping?(connection: HandlerConnection, data: Buffer): void | Promise<void>;
  /** A pong of the peer (RFC 6455 section 5.5.3). */
  pong?(connection: HandlerConnection, data: Buffer): void | Promise<void>;
  /**
   * With `tls.keylog: true`, right after `open`: each secret of its handshake, a line of the NSS key
   * log format with its end.
   */
  keylog?(connection: HandlerConnection, line: Buffer): void | Promise<void>;
  /** A value from `group.post()` on the main thread. */
  receive?(value: unknown): void | Promise<void>;
}

/** Makes a handler with state of its own for each group and worker. */
export type HandlerFactory<Data = unknown> = (context: HandlerContext<Data>) => Handler;

const HANDLER = Symbol.for('lws-pool.handler');

/** Made by {@link defineHandler}: the default export of a module for the option `handler`. */
export interface HandlerDefinition<Data = unknown> {
  /** The factory that makes the handler. */
  readonly [HANDLER]: HandlerFactory<Data>;
}

/**
 * Declares a handler, as the default export of a module for the option `handler`.
 *
 * @param handler its functions, or a function that makes them for each group and worker
 * @throws LwsPoolError ERR_INVALID_ARGUMENT
 */
export function defineHandler<Data = unknown>(
  handler: Handler | HandlerFactory<Data>,
): HandlerDefinition<Data> {
  const given: unknown = handler;
  if ((typeof given !== 'object' && typeof given !== 'function') || given === null) {
    throw createError('ERR_INVALID_ARGUMENT', {
      argument: 'handler',
      got: given === null ? 'null' : typeof given,
      takes: 'an object of functions, or a function that makes one',
    });
  }
  return { [HANDLER]: typeof handler === 'function' ? handler : () => handler };
}

/** The factory in what a module exports by default; undefined where it is no handler. */
export function factoryOf(exported: unknown): HandlerFactory | undefined {
  if (typeof exported !== 'object' || exported === null) return undefined;
  const factory: unknown = (exported as Partial<HandlerDefinition>)[HANDLER];
  return typeof factory === 'function' ? (factory as HandlerFactory) : undefined;
}

import type { HandlerConnection } from '../connection/handler-connection.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { Lease } from '../lease/lease.js';
import type { Received } from '../native.js';
import type { LeaseOptions } from '../options/options.js';

/** What a handler knows of its surroundings: one per group (or connection) and worker. */
export interface HandlerContext<Data = unknown> {
  /** The option `data`, a copy of this worker's own. */
  readonly data: Data;
  /** Index of the worker thread. */
  readonly worker: number;
  /** The group's open connections in this worker. */
  readonly connections: Iterable<HandlerConnection>;
  /**
   * An exclusive lease on a connection, at once: descriptor and SSL object in the hands of the
   * handler, which runs on the thread that owns them. It lasts until `release()`.
   *
   * @throws LwsPoolError ERR_LEASE_BUSY where another thread holds it, or its peer has not taken
   *   what was sent; ERR_CONNECTION_CLOSED, ERR_ABORTED, ERR_INVALID_ARGUMENT
   */
  handles(connection: HandlerConnection, options?: LeaseOptions): Lease<HandlerConnection>;
  /**
   * What has arrived on the group's connections in this worker, closed ones included: whole
   * messages, and bytes of their payloads. Of raw connections, as many messages as there were
   * reads. Counted in native code, also where the handler has no `message`.
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
 * What is done with connections in the worker that serves them, with no crossing between threads.
 * All of it runs on the worker's thread, one call at a time, and none may block: the other
 * connections wait meanwhile. They may be asynchronous. What a function throws closes its connection with 1011 and is its
 * error (ERR_HANDLER_FAILED); no other connection is touched.
 */
export interface Handler {
  open?(connection: HandlerConnection): void | Promise<void>;
  /**
   * A message, or bytes of a raw connection. The Buffer is the handler's to keep, or, if
   * it is large, to give back (`releaseMessage()`); what lies around it in `data.buffer` is not. A handler that has
   * no `message` when it is made gets none later: they are counted where they arrive (`received()`)
   * and cost nothing more.
   */
  message?(connection: HandlerConnection, data: Buffer, isBinary: boolean): void | Promise<void>;
  /** After `send()` answered false: the kernel has taken everything. */
  drain?(connection: HandlerConnection): void | Promise<void>;
  /** The last call for a connection that was open. */
  close?(connection: HandlerConnection, code: number, reason: string): void | Promise<void>;
  /** Before `close`, if something went wrong. */
  error?(connection: HandlerConnection, error: LwsPoolError): void | Promise<void>;
  ping?(connection: HandlerConnection, data: Buffer): void | Promise<void>;
  pong?(connection: HandlerConnection, data: Buffer): void | Promise<void>;
  /**
   * With `tls.keylog: true`, right after `open`: each secret of its handshake, a line of the NSS key
   * log format with its end.
   */
  keylog?(connection: HandlerConnection, line: Buffer): void | Promise<void>;
  /** A value of the main thread's `group.post()`. */
  receive?(value: unknown): void | Promise<void>;
}

/** Makes a handler with state of its own for each group and worker. */
export type HandlerFactory<Data = unknown> = (context: HandlerContext<Data>) => Handler;

const HANDLER = Symbol.for('lws-pool.handler');

/** A module's default export, as `connect()` and `connectMany()` take it. */
export interface HandlerDefinition<Data = unknown> {
  readonly [HANDLER]: HandlerFactory<Data>;
}

/**
 * Declares a handler: the default export of a module that is named by the option `handler`.
 *
 * @throws LwsPoolError ERR_INVALID_ARGUMENT
 * @param handler its functions, or a function that makes them for each group and worker
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

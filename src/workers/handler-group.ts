import { describe } from '../base/describe.js';
import { channels } from '../base/diagnostics.js';
import { givenUpWithPool } from '../channel/failure.js';
import { encodeFields } from '../channel/fields.js';
import type { Message } from '../channel/holding.js';
import { CLOSED } from '../channel/link.js';
import { Event } from '../channel/record.js';
import { HandlerConnection } from '../connection/handler-connection.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { ConnectionLeases } from '../lease/connection-leases.js';
import type { GroupReport, HandlerSpec } from './control.js';
import type { Handler, HandlerContext, HandlerFactory } from './handler.js';
import { Tallies } from './tally.js';

/** Who ends a group: whoever has it, or the pool, which is being closed. */
export type GroupEnd = 'by user' | 'with pool';

/** Which function of the handler an event goes to, where it is not `message`. */
const CALLBACKS = new Map<number, keyof Handler>([
  [Event.flushed, 'drain'],
  [Event.ping, 'ping'],
  [Event.pong, 'pong'],
  [Event.keylog, 'keylog'],
]);

const FUNCTIONS = [
  ...(['open', 'message', 'drain', 'close', 'error', 'ping', 'pong', 'keylog', 'receive'] as const),
];

/** What would never be called is told of; whatever else the object has is the handler's own. */
function checkFunctions(handler: Handler): Handler {
  for (const name of FUNCTIONS) {
    const given: unknown = handler[name];
    if (given != null && typeof given !== 'function') {
      throw new TypeError(`its "${name}" is ${describe(given)}, not a function`);
    }
    for (const alike of [`on${name}`, `on${name[0]?.toUpperCase()}${name.slice(1)}`]) {
      if (alike in handler)
        throw new TypeError(`its "${alike}" is never called: name it "${name}"`);
    }
  }
  return handler;
}

/** A function of a handler may be asynchronous: what it rejects with counts as thrown. */
function watch(result: unknown, failed: (thrown: unknown) => void): void {
  if (result instanceof Promise) result.catch(failed);
}

function leasingOf(connection: unknown): ConnectionLeases<HandlerConnection> {
  if (connection instanceof HandlerConnection) return connection.leasing;
  throw createError('ERR_INVALID_ARGUMENT', {
    argument: 'connection',
    got: describe(connection),
    takes: 'a connection of this handler',
  });
}

/** The connections of one group in one worker, and the handler they share. */
export class HandlerGroup {
  readonly id: number;
  /** Of one connection, which belongs to the main thread. */
  readonly single: boolean;
  readonly highWaterMark: number;
  readonly known: HandlerSpec['known'];
  readonly connections = new Set<HandlerConnection>();
  /** No more connections are begun, and why. */
  ending: GroupEnd | undefined;
  readonly #handler: Handler;
  readonly #module: string;
  readonly #report: (error: LwsPoolError) => void;
  #opened = 0;
  #closed = 0;
  #failed = new Tallies();
  #errors = new Tallies();

  constructor(
    spec: HandlerSpec,
    single: boolean,
    factory: HandlerFactory,
    context: Pick<HandlerContext, 'worker' | 'post' | 'received'>,
    report: (error: LwsPoolError) => void,
  ) {
    this.#report = report;
    this.id = spec.group;
    this.single = single;
    this.highWaterMark = spec.highWaterMark;
    this.known = spec.known;
    this.#module = spec.handler;
    const handler: unknown = factory({
      ...context,
      data: spec.data,
      connections: this.connections,
      leaseNow: function leaseNow(connection, options) {
        return leasingOf(connection).now('exclusive', options, leaseNow);
      },
    });
    if (typeof handler !== 'object' || handler === null || 'then' in handler) {
      throw new TypeError('the function given to defineHandler() has to return an object');
    }
    this.#handler = checkFunctions(handler);
  }

  /** Whether messages have to come here at all. */
  get wantsMessages(): boolean {
    return this.#handler.message != null;
  }

  onOpened(connection: HandlerConnection): void {
    this.#opened++;
    this.connections.add(connection);
    if (!this.single && channels.opened.hasSubscribers) {
      channels.opened.publish({ attempt: undefined, connection, duration: undefined });
    }
    this.#call(connection, 'open', () => this.#handler.open?.(connection));
  }

  onFailed(failure: LwsPoolError): void {
    const withPool = failure.code === 'ERR_ABORTED' && this.ending === 'with pool';
    const error = withPool ? givenUpWithPool(failure) : failure;
    this.#failed.note(error);
    if (!this.single && channels.failed.hasSubscribers) {
      channels.failed.publish({ attempt: undefined, error, duration: undefined });
    }
  }

  onRecord(
    connection: HandlerConnection,
    type: number,
    payload: Buffer,
    isBinary: boolean,
    aux: number,
  ): void {
    const handler = this.#handler;
    let result: unknown;
    try {
      switch (type) {
        case Event.message:
        case Event.data:
          if (connection.holds) connection.held.push({ data: payload, isBinary });
          else result = handler.message?.(connection, payload, isBinary);
          break;
        case Event.flushed:
          if (connection.link.onFlushed(aux)) result = handler.drain?.(connection);
          break;
        case Event.ping:
          result = handler.ping?.(connection, payload);
          break;
        case Event.pong:
          result = handler.pong?.(connection, payload);
          break;
        case Event.keylog:
          result = handler.keylog?.(connection, Buffer.from(payload));
          break;
        case Event.ended:
          connection.link.end();
          break;
      }
    } catch (thrown) {
      this.#failedIn(connection, CALLBACKS.get(type) ?? 'message', thrown);
    }
    if (result !== undefined) {
      watch(result, (thrown) => {
        this.#failedIn(connection, CALLBACKS.get(type) ?? 'message', thrown);
      });
    }
  }

  /** What came while it was paused, as long as it is not again; at its end all of it. */
  deliverHeld(connection: HandlerConnection, all = false): void {
    const told = (message: Message) =>
      this.#call(connection, 'message', () =>
        this.#handler.message?.(connection, message.data, message.isBinary),
      );
    while (connection.heldMessages > 0 && (all || !connection.link.paused)) {
      told(connection.held.shift() as Message);
    }
  }

  onClosed(
    connection: HandlerConnection,
    code: number,
    reason: string,
    error: LwsPoolError | undefined,
  ): void {
    this.#closed++;
    this.connections.delete(connection);
    this.deliverHeld(connection, true);
    connection.onClosed(error);
    if (!this.single && channels.closed.hasSubscribers) {
      channels.closed.publish({ connection, code, reason, error });
    }
    if (error !== undefined) {
      this.#errors.note(error);
      this.#call(connection, 'error', () => this.#handler.error?.(connection, error));
    }
    this.#call(connection, 'close', () => this.#handler.close?.(connection, code, reason));
  }

  onBroadcast(data: Buffer, isBinary: boolean): void {
    for (const connection of this.connections) {
      if (connection.readyState === 1) connection.send(data, { binary: isBinary });
    }
  }

  receive(value: unknown): void {
    const failed = (thrown: unknown) => this.#report(this.#failure('receive', thrown));
    try {
      watch(this.#handler.receive?.(value), failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  /** What happened since the last report; undefined where nothing did. */
  takeReport(): GroupReport | undefined {
    const report = {
      opened: this.#opened,
      closed: this.#closed,
      failed: this.#failed,
      errors: this.#errors,
    };
    if (report.opened + report.closed + report.failed.size + report.errors.size === 0) {
      return undefined;
    }
    this.#opened = 0;
    this.#closed = 0;
    this.#failed = new Tallies();
    this.#errors = new Tallies();
    return report;
  }

  #call(connection: HandlerConnection, callback: string, run: () => unknown): void {
    const failed = (thrown: unknown) => this.#failedIn(connection, callback, thrown);
    try {
      watch(run(), failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  #failedIn(connection: HandlerConnection, callback: string, thrown: unknown): void {
    const error = this.#failure(callback, thrown);
    if (connection.readyState === CLOSED) {
      this.#errors.note(error);
      this.#report(error);
      return;
    }
    const { reason = '' } = error.details;
    const { stack = reason } = error.cause as Error;
    connection.link.fail(encodeFields({ handler: this.#module, callback, reason, thrown: stack }));
  }

  #failure(callback: string, thrown: unknown): LwsPoolError {
    const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
    const facts = { handler: this.#module, callback, reason: cause.message };
    return createError('ERR_HANDLER_FAILED', facts, { cause });
  }
}

import { describe } from '../base/describe.js';
import { channels } from '../base/diagnostics.js';
import { givenUpWithPool } from '../channel/failure.js';
import { encodeFields } from '../channel/fields.js';
import type { Message } from '../channel/holding.js';
import { CLOSED } from '../channel/link.js';
import { Event } from '../channel/record.js';
import type { ConnectionPlace } from '../connection/core.js';
import { HandlerConnection } from '../connection/handler-connection.js';
import { CORE } from '../connection/internal.js';
import { argumentError } from '../errors/argument-error.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { GroupReport, HandlerSpec } from './control.js';
import type { Handler, HandlerContext, HandlerFactory } from './handler.js';
import { Tallies } from './tally.js';

/** Who ends a group: whoever has it, or the pool, which is being closed. */
export type GroupEnd = 'by user' | 'with pool';

/** Which function of the handler an event goes to. */
const CALLBACKS = new Map<number, keyof Handler>([
  [Event.message, 'message'],
  [Event.data, 'data'],
  [Event.flushed, 'drain'],
  [Event.ping, 'ping'],
  [Event.pong, 'pong'],
  [Event.keylog, 'keylog'],
  [Event.ended, 'end'],
]);

const FUNCTIONS = [
  ...(['open', 'message', 'data', 'end', 'drain', 'close', 'error', 'ping'] as const),
  ...(['pong', 'keylog', 'receive'] as const),
];

/** What would never be called is told of; whatever else the object has is the handler's own. */
function checkFunctions(handler: Handler, kind: 'ws' | 'raw'): Handler {
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
  if (kind === 'raw' && handler.message != null && handler.data == null) {
    throw new TypeError('bytes of a raw connection go to "data", and it has only "message"');
  }
  if (kind === 'ws' && handler.data != null && handler.message == null) {
    throw new TypeError('messages of a WebSocket go to "message", and it has only "data"');
  }
  return handler;
}

/** A function of a handler may be asynchronous: what it rejects with counts as thrown. */
function watch(result: unknown, failed: (thrown: unknown) => void): void {
  if (result instanceof Promise) result.catch(failed);
}

function leasesOf(connection: unknown) {
  if (connection instanceof HandlerConnection) return connection[CORE].leases(connection);
  throw argumentError('connection', connection, 'a connection of this handler');
}

/** The connections of one group in one worker, and the handler they share. */
export class HandlerGroup {
  readonly id: number;
  /** Of one connection, which belongs to the main thread. */
  readonly single: boolean;
  readonly place: ConnectionPlace;
  readonly known: HandlerSpec['known'];
  readonly connections = new Set<HandlerConnection>();
  /** No more connections are begun, and why. */
  ending: GroupEnd | undefined;
  /** Raw connections whose peer has ended behind what is held. */
  readonly #endHeld = new Set<HandlerConnection>();
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
    place: ConnectionPlace,
    factory: HandlerFactory,
    context: Pick<HandlerContext, 'worker' | 'post' | 'received'>,
    report: (error: LwsPoolError) => void,
  ) {
    this.#report = report;
    this.id = spec.group;
    this.single = single;
    this.place = place;
    this.known = spec.known;
    this.#module = spec.handler;
    const handler: unknown = factory({
      ...context,
      data: spec.data,
      connections: this.connections,
      leaseNow: function leaseNow(connection, options) {
        return leasesOf(connection).now('exclusive', options, leaseNow);
      },
    });
    if (typeof handler !== 'object' || handler === null || 'then' in handler) {
      throw new TypeError('the function given to defineHandler() has to return an object');
    }
    this.#handler = checkFunctions(handler, place.kind);
  }

  /** Whether messages have to come here at all. */
  get wantsMessages(): boolean {
    return (this.place.kind === 'ws' ? this.#handler.message : this.#handler.data) != null;
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
    const core = connection[CORE];
    let result: unknown;
    try {
      switch (type) {
        case Event.message:
          if (core.holds) core.held.push({ data: payload, isBinary });
          else result = handler.message?.(connection, payload, isBinary);
          break;
        case Event.data:
          if (core.holds) core.held.push({ data: payload, isBinary });
          else result = handler.data?.(connection, payload);
          break;
        case Event.flushed:
          if (core.link.onFlushed(aux)) result = handler.drain?.(connection);
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
          core.link.end();
          if (core.heldMessages > 0) this.#endHeld.add(connection);
          else result = handler.end?.(connection);
          break;
      }
    } catch (thrown) {
      this.#failedIn(connection, CALLBACKS.get(type) ?? '', thrown);
    }
    if (result !== undefined) {
      watch(result, (thrown) => {
        this.#failedIn(connection, CALLBACKS.get(type) ?? '', thrown);
      });
    }
  }

  /** What came while it was paused, as long as it is not again; at its end all of it. */
  deliverHeld(connection: HandlerConnection, all = false): void {
    const core = connection[CORE];
    while (core.heldMessages > 0 && (all || !core.link.paused)) {
      this.#deliver(connection, core.held.shift() as Message);
    }
    if (core.heldMessages > 0 || !this.#endHeld.delete(connection)) return;
    this.#call(connection, 'end', () => this.#handler.end?.(connection));
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
    connection[CORE].onOver(error);
    if (!this.single && channels.closed.hasSubscribers) {
      channels.closed.publish({ connection, code, reason, error });
    }
    if (error !== undefined) {
      this.#errors.note(error);
      this.#call(connection, 'error', () => this.#handler.error?.(connection, error));
    }
    this.#call(connection, 'close', () => this.#handler.close?.(connection, code, reason));
    connection[CORE].resolveClosed();
  }

  onBroadcast(data: Buffer, isBinary: boolean, compress: boolean): void {
    for (const connection of this.connections) {
      if (connection.readyState === 1) connection.send(data, { binary: isBinary, compress });
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

  #deliver(connection: HandlerConnection, { data, isBinary }: Message): void {
    if (this.place.kind === 'ws') {
      const told = () => this.#handler.message?.(connection, data, isBinary);
      this.#call(connection, 'message', told);
    } else {
      this.#call(connection, 'data', () => this.#handler.data?.(connection, data));
    }
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
    connection[CORE].link.fail(
      encodeFields({ handler: this.#module, callback, reason, thrown: stack }),
    );
  }

  #failure(callback: string, thrown: unknown): LwsPoolError {
    const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
    const facts = { handler: this.#module, callback, reason: cause.message };
    return createError('ERR_HANDLER_FAILED', facts, { cause });
  }
}

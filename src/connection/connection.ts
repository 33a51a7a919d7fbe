import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { channels } from '../base/diagnostics.js';
import { guarded } from '../base/uncaught.js';
import { type Fields, textOf } from '../channel/fields.js';
import { Holding, type Message } from '../channel/holding.js';
import { type Data, Link, type ReadyState, type SendOptions, type Wire } from '../channel/link.js';
import { Event } from '../channel/record.js';
import type { HeaderFields, LwsPoolError } from '../errors/errors.js';
import { madeBy } from '../errors/made-by.js';
import { FlightRecord } from '../flight/record.js';
import type { Trouble } from '../health/warning.js';
import { warningIn } from '../health/warning-record.js';
import { LeaseCoordinator } from '../lease/coordinator.js';
import type { Lease } from '../lease/lease.js';
import { Leasing } from '../lease/leasing.js';
import type { LeaseMode } from '../lease/observation.js';
import { type MessagesOptions, parseMessagesOptions } from '../options/messages.js';
import type { LeaseOptions } from '../options/options.js';
import { refuseAssignments } from './browser-properties.js';
import { Counted } from './counted.js';
import type { ConnectionEvents } from './events.js';
import { iterate } from './iterator.js';
import type { ConnectionStats, ConnectionStatsOptions } from './stats.js';
import { createStream, type StreamOptions } from './stream.js';
import { headersOf } from './upgrade-headers.js';

/** What the pool knows of a connection when it opens. */
export interface ConnectionFacts {
  readonly wire: Wire;
  readonly leases: LeaseCoordinator;
  readonly record: (slot: number, generation: number) => Buffer | undefined;
  readonly slot: number;
  readonly generation: number;
  readonly highWaterMark: number;
  readonly worker: number;
  readonly id: string;
  readonly url: string;
  readonly kind: 'ws' | 'raw';
  /** Its messages go to a handler in the worker. */
  readonly handled: boolean;
  readonly fields: Fields;
  /** It is told of something that ends nothing. */
  warn(trouble: Trouble): void;
}

/**
 * A connection, opened by libwebsockets on a worker thread and served there; made by
 * `pool.connect()`.
 *
 * Messages wait until the first listener for them is added (or an iteration or a stream begins, or
 * `resume()` is called): none is lost between the opening and the listener. While they wait, no
 * more than `highWaterMark` bytes of them are read, and what one read brings; then the socket is left
 * unread. See docs/memory.md.
 */
export class Connection extends EventEmitter<ConnectionEvents> {
  /** Unique in this process, also after it is closed. */
  readonly id: string;
  /** Index of the worker thread that serves it. */
  readonly worker: number;
  /** As asked for, without user and password. */
  readonly url: string;
  readonly kind: 'ws' | 'raw';
  /** The subprotocol that the server chose; '' for none. */
  readonly protocol: string;
  /** Extensions in use; '' for none. */
  readonly extensions: string;
  /**
   * Header fields of the answer that opened the WebSocket, by lower-case name, where the option
   * `keepHeaders` asked for them. The values of one that was sent several times are joined with
   * commas (RFC 9110 section 5.3); those of Set-Cookie are a list.
   */
  readonly upgradeHeaders: HeaderFields | undefined;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Why it ended, if something went wrong. */
  error: LwsPoolError | undefined;

  readonly #link: Link;
  readonly #leases: LeaseCoordinator;
  readonly #warn: (trouble: Trouble) => void;
  readonly #record: ConnectionFacts['record'];
  readonly #counted: Counted;
  #leasing: Leasing<Connection> | undefined;
  /** What has come and nobody has read yet. */
  #held: Holding | undefined;
  /** What comes is held: nobody has listened yet, or it is paused. */
  #holds: boolean;
  /** Behind it the peer of a raw connection has ended. */
  #endHeld = false;
  #iterates = false;
  /**
   * What happens before the caller of `connect()` can have added a listener: his promise resolves
   * only after the batch of records in which the connection opened.
   */
  #early: (() => void)[] | undefined = [];
  /** Once the peer of a raw connection has ended, so does this side. */
  #endsAfterPeer = true;
  #closed: Promise<void> | undefined;
  #resolveClosed: (() => void) | undefined;

  /** @internal */
  static make(facts: ConnectionFacts): Connection {
    return new Connection(facts);
  }

  private constructor(facts: ConnectionFacts) {
    super();
    if (!(facts?.leases instanceof LeaseCoordinator)) {
      throw madeBy('Connection', 'facts', facts, 'await pool.connect(url)');
    }
    this.id = facts.id;
    this.worker = facts.worker;
    this.url = facts.url;
    this.kind = facts.kind;
    this.protocol = textOf(facts.fields, 'protocol');
    this.extensions = textOf(facts.fields, 'extensions');
    this.upgradeHeaders = headersOf(facts.fields);
    this.localAddress = textOf(facts.fields, 'localAddress');
    this.localPort = Number(textOf(facts.fields, 'localPort'));
    this.remoteAddress = textOf(facts.fields, 'remoteAddress');
    this.remotePort = Number(textOf(facts.fields, 'remotePort'));
    this.#link = new Link(facts.wire, facts.slot, facts.generation, facts.highWaterMark);
    this.#leases = facts.leases;
    this.#warn = facts.warn;
    this.#record = facts.record;
    this.#counted = new Counted(this.#link);
    this.#holds = !facts.handled;
  }

  /** As in browsers: 0 connecting, 1 open, 2 closing, 3 closed. */
  get readyState(): ReadyState {
    return this.#link.readyState;
  }

  /** Bytes sent but not taken by the kernel yet, frame headers included. */
  get bufferedAmount(): number {
    return this.#link.bufferedAmount;
  }

  get highWaterMark(): number {
    return this.#link.highWaterMark;
  }

  get isPaused(): boolean {
    return this.#link.paused;
  }

  /**
   * Sends a message: a string as text, bytes as a binary one; on a raw connection the bytes as
   * they are. What is sent in one turn of the event loop leaves in one write. The bytes are copied.
   *
   * @returns false once more than `highWaterMark` bytes wait: hold back until `drain`. Also false,
   *   and nothing is sent, once closing has begun: messages still come then, and an answer to one
   *   is no fault; `stats().messagesUnsent` counts them
   * @throws LwsPoolError ERR_CONNECTION_CLOSED after `close`, ERR_INVALID_ARGUMENT,
   *   ERR_INVALID_OPTION, ERR_NO_MEMORY
   */
  send(data: Data, options?: SendOptions): boolean {
    return this.#link.send(data, options);
  }

  /**
   * Resolves once the kernel has taken all that was sent so far. Rejects if the connection ends
   * before.
   */
  flushed(): Promise<void> {
    return this.#link.flushed();
  }

  /**
   * Sends a ping (RFC 6455 section 5.5.2) with at most 125 bytes; the answer is the event `pong`.
   *
   * @returns false where nothing is sent, since closing has begun or the connection is raw
   * @throws LwsPoolError ERR_CONNECTION_CLOSED after `close`, ERR_INVALID_ARGUMENT
   */
  ping(data?: Data): boolean {
    return this.#link.ping(data) && this.kind === 'ws';
  }

  /**
   * Begins the close handshake, after all that was sent before. A raw connection sends what waits,
   * then FIN. What the peer still sends comes as before.
   *
   * @returns a promise of the event `close`; it never rejects
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  close(code?: number, reason?: string): Promise<void> {
    this.#link.close(code, reason);
    return this.#untilClosed();
  }

  /** Ends the connection at once: no close frame, and what waits is thrown away. */
  terminate(): void {
    this.#link.terminate();
    this.#leasing?.revoke();
  }

  /** Raw: sends FIN after all that was sent before, and goes on receiving (shutdown(2)). */
  end(): void {
    if (this.kind === 'raw') this.#link.end();
  }

  /**
   * Stops reading from the socket, and holds what was read before, until `resume()`. What is held when
   * the connection ends comes before `close`. An iteration goes on with what is there.
   */
  pause(): void {
    this.#link.pause();
    if (!this.#iterates) this.#holds = true;
  }

  resume(): void {
    this.#link.resume();
    this.#listen();
  }

  /**
   * Waits for a lease on the connection's descriptor and SSL object, first come, first served: an
   * `'exclusive'` one has both to itself, `'shared'` ones observe while the connection goes on.
   *
   * @throws LwsPoolError ERR_CONNECTION_CLOSED, ERR_NOT_ESTABLISHED, ERR_LEASE_TIMEOUT, ERR_ABORTED,
   *   ERR_LEASE_DEADLOCK, ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION; as a rejection
   */
  lease(mode: LeaseMode, options?: LeaseOptions): Promise<Lease<Connection>> {
    return this.leasing.lease(mode, options, this.lease);
  }

  /**
   * A lease if there is one now, without waiting; undefined where somebody holds the connection or
   * waits for it, or where something that was sent has not left yet.
   *
   * @throws LwsPoolError ERR_CONNECTION_CLOSED, ERR_NOT_ESTABLISHED, ERR_ABORTED,
   *   ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION
   */
  tryLease(mode: LeaseMode, options?: LeaseOptions): Lease<Connection> | undefined {
    return this.leasing.try(mode, options, this.tryLease);
  }

  /** Calls a function with a lease and gives it back when that is done, or has thrown. */
  withLease<Result>(
    mode: LeaseMode,
    run: (lease: Lease<Connection>) => Result | Promise<Result>,
  ): Promise<Result>;
  withLease<Result>(
    mode: LeaseMode,
    options: LeaseOptions | undefined,
    run: (lease: Lease<Connection>) => Result | Promise<Result>,
  ): Promise<Result>;
  withLease(mode: LeaseMode, ...rest: unknown[]): Promise<unknown> {
    return this.leasing.with(this.withLease, mode, ...rest);
  }

  /**
   * What its flight recorder has, see docs/monitoring.md; undefined where the pool has no
   * `flightRecorder`. Once it is closed its error's, if it ended with one. Read without the worker, so
   * also where that hangs.
   */
  flightRecord(): FlightRecord | undefined {
    if (this.error?.flightRecord !== undefined) return this.error.flightRecord;
    const bytes = this.#record(this.#link.slot, this.#link.generation);
    return bytes && new FlightRecord(bytes, { url: this.url, error: this.error?.code });
  }

  /**
   * What has been counted of it, with what the kernel and TLS say where that is asked for. After
   * `close`: as it was in the end.
   *
   * @throws LwsPoolError ERR_STATS_OFF, ERR_INVALID_OPTION
   */
  stats(options?: ConnectionStatsOptions): ConnectionStats {
    const place = { channel: this.#leases.channel, worker: this.worker };
    return this.#counted.stats(this, place, options);
  }

  /**
   * The connection as a `node:stream`; writes become binary messages.
   *
   * @throws LwsPoolError ERR_INVALID_OPTION
   */
  stream(options?: StreamOptions): Duplex {
    return createStream(this, options);
  }

  /**
   * Messages as they come, until the connection closes; throws its error, if it ended with one. A
   * slow loop stops the reading of the socket. Leaving the loop terminates the connection, unless
   * `keepOpen` says otherwise: then the next loop goes on where this one was left.
   *
   * @throws LwsPoolError ERR_INVALID_OPTION
   */
  messages(options?: MessagesOptions): AsyncIterableIterator<Message> {
    return iterate(this, parseMessagesOptions(options).keepOpen);
  }

  /** The same as `messages()`: leaving the loop terminates the connection. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    return iterate(this, false);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // once() comes here as well.
  override on<K extends keyof ConnectionEvents>(
    event: K,
    listener: (...values: ConnectionEvents[K]) => void,
  ): this {
    return this.#heard(super.on(event, listener as never), event);
  }

  override addListener<K extends keyof ConnectionEvents>(
    event: K,
    listener: (...values: ConnectionEvents[K]) => void,
  ): this {
    return this.on(event, listener);
  }

  override prependListener<K extends keyof ConnectionEvents>(
    event: K,
    listener: (...values: ConnectionEvents[K]) => void,
  ): this {
    return this.#heard(super.prependListener(event, listener as never), event);
  }

  /** @internal */
  get leasing(): Leasing<Connection> {
    this.#leasing ??= new Leasing(this, this.#link, this.#leases);
    return this.#leasing;
  }

  /** @internal */
  get link(): Link {
    return this.#link;
  }

  /** @internal Messages that wait to be read. */
  get heldMessages(): number {
    return this.#held?.length ?? 0;
  }

  /** @internal Those that have waited, and were read. */
  get heldTaken(): number {
    return this.#held?.taken ?? 0;
  }

  /** @internal A record of its worker: what arrived, or what became of what was sent. */
  onRecord(type: number, payload: Buffer, isBinary: boolean, aux: number): void {
    switch (type) {
      case Event.message:
      case Event.data:
        if (this.#holds) this.#hold({ data: payload, isBinary });
        else if (type === Event.message) this.emit('message', payload, isBinary);
        else this.emit('data', payload);
        break;
      case Event.flushed:
        if (this.#link.onFlushed(aux)) this.emit('drain');
        break;
      case Event.ping:
        this.#tell(() => this.emit('ping', payload));
        break;
      case Event.keylog: {
        const line = Buffer.from(payload);
        this.#tell(() => this.emit('keylog', line));
        break;
      }
      case Event.warned:
        this.#warn(warningIn(payload, this.id, this.worker));
        break;
      case Event.pong:
        this.emit('pong', payload);
        break;
      case Event.ended:
        if (this.#holds && this.heldMessages > 0) this.#endHeld = true;
        else this.#tell(() => this.#onEnd());
        break;
      default:
        this.#leasing?.onRecord(type, payload, aux);
    }
  }

  /** @internal From now on there may be listeners for everything. */
  onSettled(): void {
    const early = this.#early;
    this.#early = undefined;
    for (const tell of early ?? []) tell();
  }

  /** @internal Somebody reads what is held, and holds what comes from now on. */
  beginIterating(): Holding {
    const held = this.#iterates ? undefined : this.#held;
    this.#iterates = true;
    this.#held = held ?? new Holding(this.#link);
    this.#flow();
    return this.#held;
  }

  /** @internal What comes waits for whoever reads next; `ended`: and behind it the peer's end. */
  endIterating(ended: boolean): void {
    this.#iterates = false;
    this.#holds = true;
    this.#endHeld = ended;
    this.#endsAfterPeer = true;
    if (this.listenerCount(this.kind === 'ws' ? 'message' : 'data') > 0) this.#listen();
  }

  /** @internal Somebody else ends this side after the peer, once he has worked off what came. */
  endLater(): void {
    this.#endsAfterPeer = false;
  }

  /** @internal It is over; once that is told, its slot may be another's. */
  keepStats(): void {
    this.#counted.keep();
  }

  /** @internal It is over. */
  onClosed(code: number, reason: string, error: LwsPoolError | undefined): void {
    this.error = error;
    this.#counted.keep();
    if (this.#early === undefined) this.#deliverHeld(true);
    this.#link.onClosed(error);
    this.#leasing?.onClosed(error);
    if (channels.closed.hasSubscribers) {
      channels.closed.publish({ connection: this, code, reason, error });
    }
    this.#tell(() => {
      try {
        if (error !== undefined && this.listenerCount('error') > 0) this.emit('error', error);
      } finally {
        this.#resolveClosed?.();
        this.emit('close', code, reason);
      }
    });
  }

  #tell(tell: () => void): void {
    if (this.#early === undefined) tell();
    else this.#early.push(tell);
  }

  #onEnd(): void {
    try {
      this.emit('end');
    } finally {
      if (this.#endsAfterPeer) this.#link.end();
    }
  }

  #untilClosed(): Promise<void> {
    if (this.readyState === 3) return Promise.resolve();
    this.#closed ??= new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    return this.#closed;
  }

  #heard(self: this, event: keyof ConnectionEvents): this {
    if (event === 'message' || event === 'data') this.#listen();
    return self;
  }

  #hold(message: Message): void {
    this.#held ??= new Holding(this.#link);
    this.#held.push(message);
  }

  /** Somebody listens: first what waits, then what comes. */
  #listen(): void {
    if (!this.#holds || this.#link.paused) return;
    if (this.heldMessages === 0) {
      this.#flow();
      return;
    }
    // Not from within on(): the caller is not done yet.
    process.nextTick(() => {
      this.#deliverHeld(false);
    });
  }

  /**
   * A listener may go again, with the first message or before it, begin to iterate, or pause: what is
   * left goes on waiting. At the end a pause changes nothing any more.
   */
  #deliverHeld(atEnd: boolean): void {
    const event = this.kind === 'ws' ? 'message' : 'data';
    const goesOn = () => this.#holds && (atEnd || !this.#link.paused);
    while (goesOn() && this.listenerCount(event) > 0) {
      const next = this.#held?.shift();
      if (next === undefined) {
        this.#flow();
        return;
      }
      guarded(() => {
        if (event === 'message') this.emit('message', next.data, next.isBinary);
        else this.emit('data', next.data);
      });
    }
  }

  /** From now on what comes is told as it comes. */
  #flow(): void {
    this.#holds = false;
    if (!this.#endHeld) return;
    this.#endHeld = false;
    process.nextTick(() => this.#onEnd());
  }
}

refuseAssignments(Connection.prototype, {
  onopen: 'It is open once connect() has resolved.',
  onmessage: 'Listen with on("message", listener).',
  onclose: 'Listen with on("close", listener).',
  onerror: 'Listen with on("error", listener).',
  binaryType: 'Messages come as Buffers, always.',
});

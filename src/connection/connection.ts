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
import { ConnectionLeases } from '../lease/connection-leases.js';
import { LeaseCoordinator } from '../lease/coordinator.js';
import type { Lease } from '../lease/lease.js';
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
 * A connection that libwebsockets opens and serves on a worker thread, from `pool.connect()`.
 *
 * Messages are held until the first listener for them is added, an iteration or a stream begins, or
 * `resume()` is called, so that none is lost. Once more than `highWaterMark` bytes are held, the
 * socket is no longer read. See docs/memory.md.
 */
export class Connection extends EventEmitter<ConnectionEvents> {
  /** Unique in this process, even after the connection is closed. */
  readonly id: string;
  /** Index of the worker thread that serves the connection. */
  readonly worker: number;
  /** URL that was asked for, without user and password. */
  readonly url: string;
  /** WebSocket, or the bytes of the socket (`tcp:`, `unix:`). */
  readonly kind: 'ws' | 'raw';
  /** Subprotocol that the server chose; `''` for none. */
  readonly protocol: string;
  /** Extensions in use; `''` for none. */
  readonly extensions: string;
  /**
   * Header fields of the response to the upgrade, by lower-case name; undefined without the option
   * `keepHeaders`. Values of a repeated field are joined with commas (RFC 9110 section 5.3), except
   * those of Set-Cookie, which are a list.
   */
  readonly upgradeHeaders: HeaderFields | undefined;
  /** Local IP address, or path of the Unix socket; `''` without one. */
  readonly localAddress: string;
  /** Local port; 0 for a Unix socket. */
  readonly localPort: number;
  /** The peer's IP address, or the path of its Unix socket. */
  readonly remoteAddress: string;
  /** The peer's port; 0 for a Unix socket. */
  readonly remotePort: number;
  /** Why the connection ended; undefined while it is open, or if nothing went wrong. */
  error: LwsPoolError | undefined;

  readonly #link: Link;
  readonly #leases: LeaseCoordinator;
  readonly #warn: (trouble: Trouble) => void;
  readonly #record: ConnectionFacts['record'];
  readonly #counted: Counted;
  #leasing: ConnectionLeases<Connection> | undefined;
  /** Messages that have not been read yet. */
  #held: Holding | undefined;
  /** What comes is held: nobody has listened yet, or it is paused. */
  #holds: boolean;
  /** Behind it the peer of a raw connection has ended. */
  #endHeld = false;
  #iterates = false;
  /**
   * Events before the caller of `connect()` can have added a listener: its promise resolves only
   * after the batch of records in which the connection opened.
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

  /** Bytes passed to `send()` that the kernel has not taken yet, frame headers included. */
  get bufferedAmount(): number {
    return this.#link.bufferedAmount;
  }

  /** The option `highWaterMark`. Bytes. */
  get highWaterMark(): number {
    return this.#link.highWaterMark;
  }

  /** Whether `pause()` was called, and `resume()` not since. */
  get isPaused(): boolean {
    return this.#link.paused;
  }

  /**
   * Sends a message: a string as text, bytes as binary; on a raw connection, the bytes as they are.
   * The bytes are copied. Messages of one turn of the event loop leave in one write.
   *
   * @returns false if more than `highWaterMark` bytes now wait: wait for `drain` before you send more.
   *   Also false while the connection is closing: then nothing is sent, and `stats().messagesUnsent`
   *   counts the message
   * @throws LwsPoolError ERR_CONNECTION_CLOSED after the event `close`, ERR_INVALID_ARGUMENT,
   *   ERR_INVALID_OPTION, ERR_NO_MEMORY
   */
  send(data: Data, options?: SendOptions): boolean {
    return this.#link.send(data, options);
  }

  /**
   * Waits until the kernel has taken everything sent so far.
   *
   * @throws LwsPoolError the error of the connection, or ERR_CONNECTION_CLOSED, if it ends before; as
   *   a rejection
   */
  flushed(): Promise<void> {
    return this.#link.flushed();
  }

  /**
   * Sends a ping (RFC 6455 section 5.5.2). The event `pong` follows when the peer responds.
   *
   * @param data payload, at most 125 bytes
   * @returns false if nothing was sent: the connection is closing or raw
   * @throws LwsPoolError ERR_CONNECTION_CLOSED after the event `close`, ERR_INVALID_ARGUMENT
   */
  ping(data?: Data): boolean {
    return this.#link.ping(data) && this.kind === 'ws';
  }

  /**
   * Begins the close handshake, once everything sent before has left; on a raw connection, sends FIN.
   * Messages that arrive meanwhile are delivered as before. You may call it again.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 section 7.4); default: none, or
   *   1000 with a reason
   * @param reason at most 123 bytes in UTF-8
   * @returns a promise that resolves with the event `close`, and never rejects
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  close(code?: number, reason?: string): Promise<void> {
    this.#link.close(code, reason);
    return this.#untilClosed();
  }

  /** Ends the connection at once, without a close frame; drops unsent bytes, revokes leases. */
  terminate(): void {
    this.#link.terminate();
    this.#leasing?.revoke();
  }

  /** Raw connections: sends FIN after everything sent before, and keeps receiving (shutdown(2)). */
  end(): void {
    if (this.kind === 'raw') this.#link.end();
  }

  /**
   * Stops reading from the socket, and holds messages already read, until `resume()`. Messages held
   * when the connection ends are delivered before `close`. An iteration continues with held messages.
   */
  pause(): void {
    this.#link.pause();
    if (!this.#iterates) this.#holds = true;
  }

  /** Reads from the socket again, and delivers held messages to listeners. */
  resume(): void {
    this.#link.resume();
    this.#listen();
  }

  /**
   * Waits for a lease on the connection's descriptor and SSL object, first come, first served. With
   * an `'exclusive'` lease only the holder uses them; with `'shared'` leases holders observe while the
   * connection goes on.
   *
   * @throws LwsPoolError ERR_CONNECTION_CLOSED, ERR_NOT_ESTABLISHED, ERR_LEASE_TIMEOUT, ERR_ABORTED,
   *   ERR_LEASE_DEADLOCK, ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION; as a rejection
   */
  lease(mode: LeaseMode, options?: LeaseOptions): Promise<Lease<Connection>> {
    return this.leasing.lease(mode, options, this.lease);
  }

  /**
   * Takes a lease without waiting.
   *
   * @returns the lease; undefined if it would have to be waited for: another holder has or waits for
   *   the connection, or, for an `'exclusive'` one, not everything sent has left yet
   * @throws LwsPoolError ERR_CONNECTION_CLOSED, ERR_NOT_ESTABLISHED, ERR_ABORTED,
   *   ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION
   */
  tryLease(mode: LeaseMode, options?: LeaseOptions): Lease<Connection> | undefined {
    return this.leasing.try(mode, options, this.tryLease);
  }

  /**
   * Waits for a lease, calls `run` with it, and releases it once `run` has returned or thrown.
   *
   * @returns the result of `run`
   * @throws LwsPoolError as {@link lease}; and whatever `run` throws; as a rejection
   */
  withLease<Result>(
    mode: LeaseMode,
    run: (lease: Lease<Connection>) => Result | Promise<Result>,
  ): Promise<Result>;
  /** The same, with options for the lease. */
  withLease<Result>(
    mode: LeaseMode,
    options: LeaseOptions | undefined,
    run: (lease: Lease<Connection>) => Result | Promise<Result>,
  ): Promise<Result>;
  withLease(mode: LeaseMode, ...rest: unknown[]): Promise<unknown> {
    return this.leasing.with(this.withLease, mode, ...rest);
  }

  /**
   * Copies the flight record of the connection, see docs/monitoring.md. It asks no worker, so it works
   * while the worker is blocked.
   *
   * @returns the record; once closed, that of its `error`; undefined without an error, or without the
   *   option `flightRecorder` of the pool
   */
  flightRecord(): FlightRecord | undefined {
    if (this.error?.flightRecord !== undefined) return this.error.flightRecord;
    const bytes = this.#record(this.#link.slot, this.#link.generation);
    return bytes && new FlightRecord(bytes, { url: this.url, error: this.error?.code });
  }

  /**
   * Returns the figures of the connection, on request with TCP_INFO and TLS facts. After `close`, the
   * final ones.
   *
   * @throws LwsPoolError ERR_STATS_OFF, ERR_INVALID_OPTION
   */
  stats(options?: ConnectionStatsOptions): ConnectionStats {
    const place = { channel: this.#leases.channel, worker: this.worker };
    return this.#counted.stats(this, place, options);
  }

  /**
   * Returns the connection as a Duplex of `node:stream`. Writes become binary messages; strings become
   * text messages in object mode or with `decodeStrings: false`. Ending the stream closes the
   * connection, destroying it terminates the connection.
   *
   * @throws LwsPoolError ERR_INVALID_OPTION
   */
  stream(options?: StreamOptions): Duplex {
    return createStream(this, options);
  }

  /**
   * Iterates over messages until the connection closes; throws its error, if it ended with one. While
   * your loop is slow, the socket is not read. Leaving the loop terminates the connection; with
   * `keepOpen`, it stays open, and the next loop continues from there.
   *
   * @throws LwsPoolError ERR_INVALID_OPTION
   */
  messages(options?: MessagesOptions): AsyncIterableIterator<Message> {
    return iterate(this, parseMessagesOptions(options).keepOpen);
  }

  /** The same as {@link messages} without options: leaving the loop terminates the connection. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    return iterate(this, false);
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // once() comes here as well.
  /** Adds a listener; the first one for messages starts their delivery. */
  override on<K extends keyof ConnectionEvents>(
    event: K,
    listener: (...values: ConnectionEvents[K]) => void,
  ): this {
    return this.#heard(super.on(event, listener as never), event);
  }

  /** The same as {@link on}. */
  override addListener<K extends keyof ConnectionEvents>(
    event: K,
    listener: (...values: ConnectionEvents[K]) => void,
  ): this {
    return this.on(event, listener);
  }

  /** As {@link on}, ahead of the listeners already there. */
  override prependListener<K extends keyof ConnectionEvents>(
    event: K,
    listener: (...values: ConnectionEvents[K]) => void,
  ): this {
    return this.#heard(super.prependListener(event, listener as never), event);
  }

  /** @internal */
  get leasing(): ConnectionLeases<Connection> {
    this.#leasing ??= new ConnectionLeases(this, this.#link, this.#leases);
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

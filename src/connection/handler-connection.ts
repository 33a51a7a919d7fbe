import { type Fields, textOf } from '../channel/fields.js';
import { Holding } from '../channel/holding.js';
import {
  CLOSED,
  type Data,
  Link,
  type ReadyState,
  type SendOptions,
  type Wire,
} from '../channel/link.js';
import type { HeaderFields, LwsPoolError } from '../errors/errors.js';
import type { FlightRecord } from '../flight/record.js';
import { ConnectionLeases } from '../lease/connection-leases.js';
import type { LeaseCoordinator } from '../lease/coordinator.js';
import type { Lease } from '../lease/lease.js';
import type { LeaseMode } from '../lease/observation.js';
import type { LeaseOptions } from '../options/options.js';
import { refuseAssignments } from './browser-properties.js';
import { Counted } from './counted.js';
import type { ConnectionStats, ConnectionStatsOptions } from './stats.js';
import { headersOf } from './upgrade-headers.js';

/** What a connection needs of the service that it belongs to. */
export interface HandlerService {
  readonly wire: Wire;
  /** Number of the worker's channel, unique in the process. */
  readonly channel: number;
  /** Index of the worker. */
  readonly worker: number;
  readonly leases: LeaseCoordinator;
  addresses(slot: number, generation: number): Fields;
  /** A connection was resumed: what was held of it is for its handler now. */
  resumed(slot: number): void;
  flightRecord(slot: number, generation: number): FlightRecord | undefined;
}

/** A connection as its handler sees it, on the thread of the worker. */
export class HandlerConnection {
  /** Yours: lws-pool neither reads nor writes it. */
  state: unknown;
  /** Subprotocol that the server chose; `''` for none. */
  readonly protocol: string;
  /** As {@link Connection.upgradeHeaders}. */
  readonly upgradeHeaders: HeaderFields | undefined;
  readonly #service: HandlerService;
  readonly #link: Link;
  #addresses: Fields | undefined;
  #error: LwsPoolError | undefined;
  readonly #counted: Counted;
  #leasing: ConnectionLeases<HandlerConnection> | undefined;
  #held: Holding | undefined;

  /** @internal */
  constructor(
    service: HandlerService,
    slot: number,
    generation: number,
    highWaterMark: number,
    facts: Fields,
  ) {
    this.#service = service;
    this.#link = new Link(service.wire, slot, generation, highWaterMark);
    this.#counted = new Counted(this.#link);
    this.protocol = textOf(facts, 'protocol');
    this.upgradeHeaders = headersOf(facts);
  }

  /** Unique in the process, even after the connection is closed. */
  get id(): string {
    return this.#link.id;
  }

  /**
   * Local IP address, or path of the Unix socket. `''` once the connection is closed, unless one of
   * the four address properties was read before.
   */
  get localAddress(): string {
    return this.#address('localAddress');
  }

  /** Local port; 0 for a Unix socket, or once closed. */
  get localPort(): number {
    return Number(this.#address('localPort'));
  }

  /** The peer's IP address, or the path of its Unix socket; `''` as for `localAddress`. */
  get remoteAddress(): string {
    return this.#address('remoteAddress');
  }

  /** The peer's port; 0 for a Unix socket, or once closed. */
  get remotePort(): number {
    return Number(this.#address('remotePort'));
  }

  /** As in browsers: 0 connecting, 1 open, 2 closing, 3 closed. */
  get readyState(): ReadyState {
    return this.#link.readyState;
  }

  /** Bytes passed to `send()` that the kernel has not taken yet, frame headers included. */
  get bufferedAmount(): number {
    return this.#link.bufferedAmount;
  }

  /**
   * Sends a message: a string as text, bytes as binary; on a raw connection, the bytes as they are.
   * The bytes are copied. Messages of one turn of the event loop leave in one write.
   *
   * @returns false if more than `highWaterMark` bytes now wait: wait for `drain` before you send more.
   *   Also false while the connection is closing: then nothing is sent, and `stats().messagesUnsent`
   *   counts the message
   * @throws LwsPoolError ERR_CONNECTION_CLOSED after `close`, ERR_INVALID_ARGUMENT,
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
   * Sends a ping (RFC 6455 section 5.5.2); the handler's `pong` is called when the peer responds.
   *
   * @param data payload, at most 125 bytes
   * @returns false if nothing was sent, because the connection is closing
   * @throws LwsPoolError ERR_CONNECTION_CLOSED after `close`, ERR_INVALID_ARGUMENT
   */
  ping(data?: Data): boolean {
    return this.#link.ping(data);
  }

  /**
   * Begins the close handshake, once everything sent before has left; on a raw connection, sends FIN.
   * You may call it again.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 section 7.4); default: none, or
   *   1000 with a reason
   * @param reason at most 123 bytes in UTF-8
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  close(code?: number, reason?: string): void {
    this.#link.close(code, reason);
  }

  /** Ends the connection at once, without a close frame; drops unsent bytes, revokes leases. */
  terminate(): void {
    this.#link.terminate();
    this.#leasing?.revoke();
  }

  /**
   * Stops reading from the socket, and holds messages already read, until `resume()`. Messages held
   * when the connection ends are delivered before `close`.
   */
  pause(): void {
    this.#link.pause();
  }

  /** Reads from the socket again, and delivers held messages to the handler. */
  resume(): void {
    this.#link.resume();
    if (this.heldMessages > 0) this.#service.resumed(this.#link.slot);
  }

  /**
   * As {@link Connection.lease}. It is granted at once if no other holder has the connection, since the
   * handler runs on the thread that serves it.
   *
   * @throws LwsPoolError as {@link Connection.lease}; as a rejection
   */
  lease(mode: LeaseMode, options?: LeaseOptions): Promise<Lease<HandlerConnection>> {
    return this.leasing.lease(mode, options, this.lease);
  }

  /**
   * As {@link Connection.tryLease}. An exclusive one first writes what was sent, as far as the kernel
   * takes it.
   *
   * @returns the lease; undefined if it would have to be waited for: another holder has or waits for
   *   the connection, or, for an `'exclusive'` one, not everything sent has left yet
   * @throws LwsPoolError as {@link Connection.tryLease}
   */
  tryLease(mode: LeaseMode, options?: LeaseOptions): Lease<HandlerConnection> | undefined {
    return this.leasing.try(mode, options, this.tryLease);
  }

  /**
   * Waits for a lease, calls `run` with it, and releases it once `run` has returned or thrown.
   *
   * @returns the result of `run`
   * @throws LwsPoolError as {@link Connection.lease}; and whatever `run` throws; as a rejection
   */
  withLease<Result>(
    mode: LeaseMode,
    run: (lease: Lease<HandlerConnection>) => Result | Promise<Result>,
  ): Promise<Result>;
  /** The same, with options for the lease. */
  withLease<Result>(
    mode: LeaseMode,
    options: LeaseOptions | undefined,
    run: (lease: Lease<HandlerConnection>) => Result | Promise<Result>,
  ): Promise<Result>;
  withLease(mode: LeaseMode, ...rest: unknown[]): Promise<unknown> {
    return this.leasing.with(this.withLease, mode, ...rest);
  }

  /**
   * Copies the flight record of the connection, see docs/monitoring.md.
   *
   * @returns the record; once closed, that of its error; undefined without an error, or without the
   *   option `flightRecorder` of the pool
   */
  flightRecord(): FlightRecord | undefined {
    if (this.readyState === CLOSED) return this.#error?.flightRecord;
    return this.#service.flightRecord(this.#link.slot, this.#link.generation);
  }

  /**
   * Returns the figures of the connection, on request with TCP_INFO and TLS facts. After `close`, the
   * final ones.
   *
   * @throws LwsPoolError ERR_STATS_OFF, ERR_INVALID_OPTION
   */
  stats(options?: ConnectionStatsOptions): ConnectionStats {
    const { channel, worker } = this.#service;
    return this.#counted.stats(this, { channel, worker }, options);
  }

  /** @internal */
  get leasing(): ConnectionLeases<HandlerConnection> {
    this.#leasing ??= new ConnectionLeases(this, this.#link, this.#service.leases);
    return this.#leasing;
  }

  /** @internal */
  get link(): Link {
    return this.#link;
  }

  /** @internal Messages that wait for `resume()`. */
  get heldMessages(): number {
    return this.#held?.length ?? 0;
  }

  /** @internal Those that have waited, and were told. */
  get heldTaken(): number {
    return this.#held?.taken ?? 0;
  }

  /** @internal It is paused, or has told not all of what came meanwhile. */
  get holds(): boolean {
    return this.#link.paused || this.heldMessages > 0;
  }

  /** @internal */
  get held(): Holding {
    this.#held ??= new Holding(this.#link);
    return this.#held;
  }

  /** @internal It is over. */
  onClosed(error: LwsPoolError | undefined): void {
    this.#error = error;
    this.#counted.keep();
    this.#link.onClosed(error);
    this.#leasing?.onClosed(error);
  }

  #address(name: string): string {
    if (this.#addresses === undefined || this.#addresses.size === 0) {
      this.#addresses = this.#service.addresses(this.#link.slot, this.#link.generation);
    }
    return textOf(this.#addresses, name);
  }
}

refuseAssignments(HandlerConnection.prototype, {
  onopen: 'The handler has a function "open" for that.',
  onmessage: 'The handler has a function "message" for that.',
  onclose: 'The handler has a function "close" for that.',
  onerror: 'The handler has a function "error" for that.',
  binaryType: 'Messages come as Buffers, always.',
});

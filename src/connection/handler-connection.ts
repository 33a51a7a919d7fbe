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
import type { LeaseCoordinator } from '../lease/coordinator.js';
import type { Lease } from '../lease/lease.js';
import { Leasing } from '../lease/leasing.js';
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

/** A connection as its handler sees it, on the worker's thread. */
export class HandlerConnection {
  /** The handler's own: whatever it keeps of this connection. */
  state: unknown;
  /** The subprotocol that the server chose; '' for none. */
  readonly protocol: string;
  /** As `upgradeHeaders` of a Connection. */
  readonly upgradeHeaders: HeaderFields | undefined;
  readonly #service: HandlerService;
  readonly #link: Link;
  #addresses: Fields | undefined;
  #error: LwsPoolError | undefined;
  readonly #counted: Counted;
  #leasing: Leasing<HandlerConnection> | undefined;
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

  /** Unique in the pool, also after it is closed. */
  get id(): string {
    return this.#link.id;
  }

  /** '' once it is closed, unless it was read before. The same for the others. */
  get localAddress(): string {
    return this.#address('localAddress');
  }

  get localPort(): number {
    return Number(this.#address('localPort'));
  }

  get remoteAddress(): string {
    return this.#address('remoteAddress');
  }

  get remotePort(): number {
    return Number(this.#address('remotePort'));
  }

  /** As in browsers: 0 connecting, 1 open, 2 closing, 3 closed. */
  get readyState(): ReadyState {
    return this.#link.readyState;
  }

  /** Bytes sent but not taken by the kernel yet, frame headers included. */
  get bufferedAmount(): number {
    return this.#link.bufferedAmount;
  }

  /**
   * Sends a message; everything sent in one turn of the event loop leaves in one write.
   *
   * @returns false once more than `highWaterMark` bytes wait: hold back until `drain`. Also false,
   *   and nothing is sent, once closing has begun; `stats().messagesUnsent` counts them
   * @throws LwsPoolError ERR_CONNECTION_CLOSED after `close`, ERR_INVALID_ARGUMENT,
   *   ERR_INVALID_OPTION, ERR_NO_MEMORY
   */
  send(data: Data, options?: SendOptions): boolean {
    return this.#link.send(data, options);
  }

  /** Resolves once the kernel has taken all that was sent so far. */
  flushed(): Promise<void> {
    return this.#link.flushed();
  }

  /**
   * @returns false where nothing is sent, since closing has begun
   * @throws LwsPoolError ERR_CONNECTION_CLOSED after `close`, ERR_INVALID_ARGUMENT
   */
  ping(data?: Data): boolean {
    return this.#link.ping(data);
  }

  /** @throws LwsPoolError ERR_INVALID_ARGUMENT */
  close(code?: number, reason?: string): void {
    this.#link.close(code, reason);
  }

  terminate(): void {
    this.#link.terminate();
    this.#leasing?.revoke();
  }

  /**
   * Stops reading from the socket, and holds what was read before, until `resume()`. What is held when
   * the connection ends comes before `close`.
   */
  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
    if (this.heldMessages > 0) this.#service.resumed(this.#link.slot);
  }

  /**
   * As on the main thread; where nobody else holds the connection it is granted at once, since the
   * handler runs on the thread that serves it.
   *
   * @throws LwsPoolError as `lease()` of a Connection
   */
  lease(mode: LeaseMode, options?: LeaseOptions): Promise<Lease<HandlerConnection>> {
    return this.leasing.lease(mode, options, this.lease);
  }

  /** A lease if there is one now; what was sent is written first, as far as the kernel takes it. */
  tryLease(mode: LeaseMode, options?: LeaseOptions): Lease<HandlerConnection> | undefined {
    return this.leasing.try(mode, options, this.tryLease);
  }

  /** Calls a function with a lease and gives it back when that is done, or has thrown. */
  withLease<Result>(
    mode: LeaseMode,
    run: (lease: Lease<HandlerConnection>) => Result | Promise<Result>,
  ): Promise<Result>;
  withLease<Result>(
    mode: LeaseMode,
    options: LeaseOptions | undefined,
    run: (lease: Lease<HandlerConnection>) => Result | Promise<Result>,
  ): Promise<Result>;
  withLease(mode: LeaseMode, ...rest: unknown[]): Promise<unknown> {
    return this.leasing.with(this.withLease, mode, ...rest);
  }

  /**
   * What its flight recorder has; undefined where the pool has no `flightRecorder`. Once it is closed
   * its error's, if it ended with one.
   */
  flightRecord(): FlightRecord | undefined {
    if (this.readyState === CLOSED) return this.#error?.flightRecord;
    return this.#service.flightRecord(this.#link.slot, this.#link.generation);
  }

  /**
   * What has been counted of it, with what the kernel and TLS say where that is asked for.
   *
   * @throws LwsPoolError ERR_STATS_OFF, ERR_INVALID_OPTION
   */
  stats(options?: ConnectionStatsOptions): ConnectionStats {
    const { channel, worker } = this.#service;
    return this.#counted.stats(this, { channel, worker }, options);
  }

  /** @internal */
  get leasing(): Leasing<HandlerConnection> {
    this.#leasing ??= new Leasing(this, this.#link, this.#service.leases);
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

import type { DataSource } from '../channel/data.js';
import type { Data, ReadyState, SendOptions } from '../channel/link.js';
import type { HeaderFields, LwsPoolError } from '../errors/errors.js';
import type { FlightRecord } from '../flight/record.js';
import type { Lease } from '../lease/lease.js';
import type { LeaseMode } from '../lease/observation.js';
import type { LeaseOptions } from '../options/options.js';
import { parseSendStreamOptions, type SendStreamOptions } from '../options/send-stream.js';
import type { ConnectionCore } from './core.js';
import { CORE } from './internal.js';
import type { ConnectionStats, ConnectionStatsOptions } from './stats.js';

/** A connection: what {@link Connection} and {@link HandlerConnection} have in common. */
export abstract class BaseConnection {
  /** @internal */
  readonly [CORE]: ConnectionCore;

  /** @internal */
  protected constructor(core: ConnectionCore) {
    this[CORE] = core;
  }

  /** Unique in this process, even after the connection is closed. */
  get id(): string {
    return this[CORE].id;
  }

  /** Index of the worker thread that serves the connection. */
  get worker(): number {
    return this[CORE].place.worker;
  }

  /** URL that was asked for, without user and password. */
  get url(): string {
    return this[CORE].place.url;
  }

  /** WebSocket, or the bytes of the socket (`tcp:`, `unix:`). */
  get kind(): 'ws' | 'raw' {
    return this[CORE].place.kind;
  }

  /** Subprotocol that the server chose; `''` for none. */
  get protocol(): string {
    return this[CORE].protocol;
  }

  /**
   * Extensions in use, as the server has written them (RFC 6455 section 9.1): `permessage-deflate` with
   * its parameters. `''` for none; see the option `compression`.
   */
  get extensions(): string {
    return this[CORE].extensions;
  }

  /**
   * Header fields of the response to the upgrade, by lower-case name; undefined without the option
   * `keepHeaders`. Values of a repeated field are joined with commas (RFC 9110 section 5.3), except
   * those of Set-Cookie, which are a list.
   */
  get upgradeHeaders(): HeaderFields | undefined {
    return this[CORE].upgradeHeaders;
  }

  /**
   * Local IP address, or path of the Unix socket; `''` without one. In a handler also `''` once the
   * connection is closed, unless one of the four address properties was read before.
   */
  get localAddress(): string {
    return this[CORE].addresses.localAddress;
  }

  /** Local port; 0 for a Unix socket, and in a handler as for `localAddress`. */
  get localPort(): number {
    return this[CORE].addresses.localPort;
  }

  /** The peer's IP address, or the path of its Unix socket; `''` as for `localAddress`. */
  get remoteAddress(): string {
    return this[CORE].addresses.remoteAddress;
  }

  /** The peer's port; 0 for a Unix socket, and in a handler as for `localAddress`. */
  get remotePort(): number {
    return this[CORE].addresses.remotePort;
  }

  /** As in browsers: 0 connecting, 1 open, 2 closing, 3 closed. */
  get readyState(): ReadyState {
    return this[CORE].link.readyState;
  }

  /** Why the connection ended; undefined while it is open, or if nothing went wrong. */
  get error(): LwsPoolError | undefined {
    return this[CORE].error;
  }

  /** Bytes passed to `send()` that the kernel has not taken yet, frame headers included. */
  get bufferedAmount(): number {
    return this[CORE].link.bufferedAmount;
  }

  /** The option `highWaterMark`. Bytes. */
  get highWaterMark(): number {
    return this[CORE].link.highWaterMark;
  }

  /** Whether `pause()` was called, and `resume()` not since. */
  get isPaused(): boolean {
    return this[CORE].link.paused;
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
    return this[CORE].link.send(data, options);
  }

  /**
   * Sends one message in fragments, each piece of the source as it comes (RFC 6455 section 5.4). No more
   * than `highWaterMark` bytes wait to be sent. Other messages sent meanwhile wait until this one ends,
   * pings and pongs go between its fragments, and a lease on the connection waits, too. A second call
   * waits for the first. On a raw connection, the bytes are sent as they are.
   *
   * If the source fails or the signal aborts after something was sent, the message cannot be ended:
   * the connection closes with 1011. `close()` ends it as well, and drops the messages that wait behind.
   *
   * @param source a readable stream, a generator, a list: strings or bytes, which make one text or
   *   binary message, as the first piece or `binary` says
   * @returns a promise that resolves once the last piece was handed over
   * @throws LwsPoolError ERR_CONNECTION_CLOSED or the error of the connection, ERR_ABORTED,
   *   ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION; or whatever the source throws; as a rejection
   */
  async sendStream(source: DataSource, options?: SendStreamOptions): Promise<void> {
    await this[CORE].link.sendStream(source, parseSendStreamOptions(options));
  }

  /**
   * Waits until the kernel has taken everything sent so far.
   *
   * @throws LwsPoolError the error of the connection, or ERR_CONNECTION_CLOSED, if it ends before; as
   *   a rejection
   */
  flushed(): Promise<void> {
    return this[CORE].link.flushed();
  }

  /**
   * Sends a ping (RFC 6455 section 5.5.2); `pong` follows when the peer responds.
   *
   * @param data payload, at most 125 bytes
   * @returns false if nothing was sent: the connection is closing or raw
   * @throws LwsPoolError ERR_CONNECTION_CLOSED after `close`, ERR_INVALID_ARGUMENT
   */
  ping(data?: Data): boolean {
    return this[CORE].link.ping(data) && this.kind === 'ws';
  }

  /**
   * Begins the close handshake, once everything sent before has left; on a raw connection, sends FIN.
   * Messages that arrive meanwhile are delivered as before. You may call it again.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 section 7.4); default: none, or
   *   1000 with a reason
   * @param reason at most 123 bytes in UTF-8
   * @returns a promise that resolves with `close`, and never rejects
   * @throws LwsPoolError ERR_INVALID_ARGUMENT
   */
  close(code?: number, reason?: string): Promise<void> {
    return this[CORE].close(code, reason);
  }

  /** Ends the connection at once, without a close frame; drops unsent bytes, revokes leases. */
  terminate(): void {
    this[CORE].terminate();
  }

  /** Raw connections: sends FIN after everything sent before, and keeps receiving (shutdown(2)). */
  end(): void {
    if (this.kind === 'raw') this[CORE].link.end();
  }

  /**
   * Stops reading from the socket, and holds messages already read, until `resume()`. Messages held
   * when the connection ends are delivered before `close`. An iteration continues with held messages.
   */
  pause(): void {
    this[CORE].pause();
  }

  /** Reads from the socket again, and delivers held messages. */
  resume(): void {
    this[CORE].resume();
  }

  /**
   * Waits for a lease on the connection's descriptor and SSL object, first come, first served. With
   * an `'exclusive'` lease only the holder uses them; with `'shared'` leases holders observe while the
   * connection goes on. A handler has it at once if no other holder has the connection, since it runs
   * on the thread that serves it.
   *
   * @throws LwsPoolError ERR_CONNECTION_CLOSED, ERR_NOT_ESTABLISHED, ERR_LEASE_TIMEOUT, ERR_ABORTED,
   *   ERR_LEASE_DEADLOCK, ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION; as a rejection
   */
  lease(mode: LeaseMode, options?: LeaseOptions): Promise<Lease<this>> {
    return this[CORE].leases(this).lease(mode, options, this.lease);
  }

  /**
   * Takes a lease without waiting. In a handler, an exclusive one first writes what was sent, as far as
   * the kernel takes it.
   *
   * @returns the lease; undefined if it would have to be waited for: another holder has or waits for
   *   the connection, or, for an `'exclusive'` one, not everything sent has left yet
   * @throws LwsPoolError ERR_CONNECTION_CLOSED, ERR_NOT_ESTABLISHED, ERR_ABORTED,
   *   ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION
   */
  tryLease(mode: LeaseMode, options?: LeaseOptions): Lease<this> | undefined {
    return this[CORE].leases(this).try(mode, options, this.tryLease);
  }

  /**
   * Waits for a lease, calls `run` with it, and releases it once `run` has returned or thrown.
   *
   * @returns the result of `run`
   * @throws LwsPoolError as {@link lease}; and whatever `run` throws; as a rejection
   */
  withLease<Result>(
    mode: LeaseMode,
    run: (lease: Lease<this>) => Result | Promise<Result>,
  ): Promise<Result>;
  /** The same, with options for the lease. */
  withLease<Result>(
    mode: LeaseMode,
    options: LeaseOptions | undefined,
    run: (lease: Lease<this>) => Result | Promise<Result>,
  ): Promise<Result>;
  withLease(mode: LeaseMode, ...rest: unknown[]): Promise<unknown> {
    return this[CORE].leases(this).with(this.withLease, mode, ...rest);
  }

  /**
   * Copies the flight record of the connection, see docs/monitoring.md. On the main thread it asks no
   * worker, so it works while the worker is blocked.
   *
   * @returns the record; once closed, that of its `error`; undefined without an error, or without the
   *   option `flightRecorder` of the pool
   */
  flightRecord(): FlightRecord | undefined {
    return this[CORE].flightRecord();
  }

  /**
   * Returns the figures of the connection, on request with TCP_INFO and TLS facts. After `close`, the
   * final ones.
   *
   * @throws LwsPoolError ERR_STATS_OFF, ERR_INVALID_OPTION
   */
  stats(options?: ConnectionStatsOptions): ConnectionStats {
    return this[CORE].stats(this, options);
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

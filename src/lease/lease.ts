import { Socket } from 'node:net';
import { madeBy } from '../errors/made-by.js';
import { type FrameBoundaryOptions, parseFrameBoundaryOptions } from '../options/frame-boundary.js';
import { type Detached, LeaseHandle } from './handle.js';
import { MAKE } from './internal.js';
import { LeaseSocket } from './socket.js';
import { LeaseTls } from './tls.js';

/** @internal The handle of a lease; undefined for anything else. */
export let handleOf: (lease: unknown) => LeaseHandle | undefined;

/**
 * A lease on a connection's socket descriptor and SSL object, from `connection.lease()`.
 *
 * While an exclusive lease lasts, the worker and libwebsockets use neither: messages you send wait,
 * and incoming bytes are delivered afterwards. A shared lease observes, while the connection goes on.
 * End it with `release()` or `await using`. If you lose a lease, the pool releases and reports it when
 * the garbage collector finds it.
 *
 * Once the lease has ended, every operation on the connection throws ERR_LEASE_RELEASED,
 * ERR_LEASE_EXPIRED or ERR_LEASE_REVOKED and does nothing. It throws ERR_WORKER_BUSY if the worker
 * has been using the connection for more than 250 ms, for instance in a BIO that hangs.
 */
export class Lease<Leased = unknown> {
  /** The leased connection. */
  readonly connection: Leased;
  static {
    handleOf = (lease) =>
      typeof lease === 'object' && lease !== null && #handle in lease ? lease.#handle : undefined;
  }

  readonly #handle: LeaseHandle;
  #socket: LeaseSocket | undefined;
  #tls: LeaseTls | undefined;

  /** @internal */
  static [MAKE]<Leased>(connection: Leased, handle: LeaseHandle): Lease<Leased> {
    return new Lease(connection, handle);
  }

  private constructor(connection: Leased, handle: LeaseHandle) {
    if (!(handle instanceof LeaseHandle)) {
      throw madeBy('Lease', 'connection', connection, 'await connection.lease(mode)');
    }
    this.connection = connection;
    this.#handle = handle;
  }

  /** Mode of the lease: `exclusive` or `shared`. */
  get mode(): 'shared' | 'exclusive' {
    return this.#handle.state.mode;
  }

  /** A fencing token: unique and growing among the leases of a connection. */
  get token(): bigint {
    return BigInt(this.#handle.state.token);
  }

  /** The option `label`. */
  get label(): string | undefined {
    return this.#handle.state.label;
  }

  /** When the lease was granted. Milliseconds since the epoch. */
  get acquiredAt(): number {
    return this.#handle.state.acquiredAt;
  }

  /** When the lease expires. Milliseconds since the epoch; undefined without `maxHold`. */
  get expiresAt(): number | undefined {
    return this.#handle.state.expiresAt;
  }

  /** Aborts when the lease expires, or is revoked because its connection ends; not at `release()`. */
  get signal(): AbortSignal {
    return this.#handle.state.signal;
  }

  /** Whether the lease has ended, for whatever reason. */
  get released(): boolean {
    return this.#handle.state.ending !== undefined;
  }

  /**
   * A file descriptor of the connection's socket, for your own system calls: a duplicate (dup(2)) of
   * the one libwebsockets has (`lws_get_socket_fd`). `release()` closes it, and nothing before that:
   * if the connection ends first, the descriptor leads nowhere. Do not close it yourself, and do not let
   * an exclusive lease expire after reading this: both break the connection.
   *
   * When an exclusive lease ends, the kernel's counts show whether bytes were moved through the
   * descriptor: a WebSocket then closes with ERR_LEASE_TAINTED, unless you called {@link confirmFrameBoundary}.
   *
   * @throws LwsPoolError ERR_TOO_MANY_FILES, ERR_LEASE_OPERATION
   */
  get fd(): number {
    return this.#handle.fd;
  }

  /**
   * The `SSL*` of the connection (`lws_get_ssl`) as a number, for foreign functions; undefined without
   * TLS. Nothing guards the object against calls from other threads or after the lease, so prefer
   * {@link tls}. It is not freed before `release()`. Exclusive leases only.
   *
   * @throws LwsPoolError ERR_LEASE_MODE
   */
  get ssl(): bigint | undefined {
    return this.#handle.ssl;
  }

  /** The socket of the connection: options and TCP_INFO; with an exclusive lease also its bytes. */
  get socket(): LeaseSocket {
    this.#handle.require();
    this.#socket ??= LeaseSocket[MAKE](this.#handle);
    return this.#socket;
  }

  /** TLS of the connection; undefined without TLS. */
  get tls(): LeaseTls | undefined {
    if (this.#tls !== undefined) this.#handle.require();
    else if (this.#handle.secure) this.#tls = LeaseTls[MAKE](this.#handle);
    return this.#tls;
  }

  /**
   * Bytes of an unfinished incoming frame, with its header, that the codec had read when the lease
   * began; empty between two frames, and on raw connections. Bytes you read from the socket follow
   * them. Exclusive leases only.
   *
   * @throws LwsPoolError ERR_LEASE_MODE
   */
  get leftover(): Buffer {
    return this.#handle.leftover;
  }

  /**
   * Confirms that you moved only whole frames through {@link fd} or {@link ssl}, in both directions, so
   * that the connection can go on. Exclusive leases only.
   *
   * On a connection with `compression`, messages that you read may have been compressed, and the next
   * one may refer to them: if it does, the connection closes with ERR_COMPRESSION. Say so if none of
   * them was, with `compressed: false`; if that is wrong, later messages are wrong, too.
   *
   * @throws LwsPoolError ERR_LEASE_MODE, ERR_INVALID_OPTION
   */
  confirmFrameBoundary(options?: FrameBoundaryOptions): void {
    this.#handle.confirmFrameBoundary(parseFrameBoundaryOptions(options).compressed === false);
  }

  /**
   * Takes the connection away from the pool for good: the peer sees no close frame, FIN or TLS alert,
   * and the connection emits `close` with 1006 and the reason "detached". Unsent messages are lost.
   * Exclusive leases only. With TLS, it blocks until the worker has let go of the SSL object, at most
   * 5 seconds.
   *
   * @returns descriptor and SSL object, which you own from now on
   * @throws LwsPoolError ERR_LEASE_MODE; ERR_TLS_OPERATION with TLS on the thread of a worker;
   *   ERR_TOO_MANY_FILES without a free descriptor (the lease goes on); ERR_LEASE_OPERATION
   */
  detach(): Detached {
    return this.#handle.detach('detach()', false);
  }

  /**
   * As {@link detach}, for a connection without TLS.
   *
   * @returns a Socket of `node:net`; bytes of `leftover` are read from it first
   * @throws LwsPoolError ERR_LEASE_MODE; ERR_TLS_OPERATION with TLS; ERR_TOO_MANY_FILES,
   *   ERR_LEASE_OPERATION
   */
  detachToSocket(): Socket {
    const { fd, leftover } = this.#handle.detach('detachToSocket()', true);
    const socket = new Socket({ fd, readable: true, writable: true });
    if (leftover.length > 0) socket.unshift(leftover);
    return socket;
  }

  /** Ends the lease and returns the connection. You may call it again; it never throws. */
  release(): void {
    this.#handle.state.end('released');
  }

  /** {@link release}, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** {@link release}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return Promise.resolve();
  }
}

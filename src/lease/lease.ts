import { Socket } from 'node:net';
import { madeBy } from '../errors/made-by.js';
import { type Detached, LeaseHandle } from './handle.js';
import { LeaseSocket } from './socket.js';
import { LeaseTls } from './tls.js';
import { TlsHandle } from './tls-handle.js';

/** @internal The handle of a lease; undefined for anything else. */
export let handleOf: (lease: unknown) => LeaseHandle | undefined;

/**
 * A lease on a connection's socket descriptor and SSL object, from `connection.lease()`.
 *
 * An exclusive one has them to itself: the worker and libwebsockets touch neither until it ends.
 * What is sent meanwhile waits, and what arrives is delivered afterwards. A shared one observes,
 * while the connection goes on. Give it back with `release()` or `await using`; a lease that was
 * lost is given back, and reported, when the garbage collector finds it.
 *
 * Once it is over, whatever asks something of the connection throws ERR_LEASE_RELEASED,
 * ERR_LEASE_EXPIRED or ERR_LEASE_REVOKED and does nothing. So it does with ERR_WORKER_BUSY where the
 * worker has been using the connection for more than 250 ms, as a BIO that hangs makes it do.
 */
export class Lease<Leased = unknown> {
  /** What was leased. */
  readonly connection: Leased;
  static {
    handleOf = (lease) =>
      typeof lease === 'object' && lease !== null && #handle in lease ? lease.#handle : undefined;
  }

  readonly #handle: LeaseHandle;
  #socket: LeaseSocket | undefined;
  #tls: LeaseTls | undefined;

  /** @internal */
  static make<Leased>(connection: Leased, handle: LeaseHandle): Lease<Leased> {
    return new Lease(connection, handle);
  }

  private constructor(connection: Leased, handle: LeaseHandle) {
    if (!(handle instanceof LeaseHandle)) {
      throw madeBy('Lease', 'connection', connection, 'await connection.lease(mode)');
    }
    this.connection = connection;
    this.#handle = handle;
  }

  get mode(): 'shared' | 'exclusive' {
    return this.#handle.state.mode;
  }

  /** Grows with every lease of the connection: a fencing token. */
  get token(): bigint {
    return BigInt(this.#handle.state.token);
  }

  /** The option `label`. */
  get label(): string | undefined {
    return this.#handle.state.label;
  }

  /** Milliseconds since the epoch. */
  get acquiredAt(): number {
    return this.#handle.state.acquiredAt;
  }

  /** Milliseconds since the epoch; undefined without `maxHold`. */
  get expiresAt(): number | undefined {
    return this.#handle.state.expiresAt;
  }

  /** Aborts when the lease expires or is revoked, as when the connection closes; not at release. */
  get signal(): AbortSignal {
    return this.#handle.state.signal;
  }

  /** It is over, however it ended. */
  get released(): boolean {
    return this.#handle.state.ending !== undefined;
  }

  /**
   * A descriptor on the connection's socket, for `io_uring` and whatever else takes one: a
   * duplicate (dup(2)) of the one libwebsockets has (`lws_get_socket_fd`), closed at `release()`.
   * It stays open even if the connection is closed before; then it leads nowhere. Who closes it
   * himself, or lets an exclusive lease expire that gave it, breaks the connection.
   *
   * With an exclusive lease the kernel's counts tell, when it comes back, whether bytes went past
   * the lease: on a WebSocket that closes it with ERR_LEASE_TAINTED, see {@link vouch}.
   *
   * @throws LwsPoolError ERR_TOO_MANY_FILES, ERR_LEASE_OPERATION
   */
  get fd(): number {
    return this.#handle.fd;
  }

  /**
   * The value of the connection's `SSL*` (`lws_get_ssl`), for users of foreign functions; undefined
   * without TLS. Nothing protects the object from what is called with it, on any other thread or
   * after the lease: prefer {@link tls}. It is not freed before `release()`.
   *
   * @throws LwsPoolError ERR_LEASE_MODE on a shared lease: the worker is using it
   */
  get ssl(): bigint | undefined {
    return this.#handle.ssl;
  }

  /** The socket: options, TCP_INFO; reading and writing with an exclusive lease. */
  get socket(): LeaseSocket {
    this.#handle.require();
    this.#socket ??= new LeaseSocket(this.#handle, this.#handle.state.exclusive);
    return this.#socket;
  }

  /** The TLS above it; undefined on plain connections. */
  get tls(): LeaseTls | undefined {
    if (this.#tls !== undefined) this.#handle.require();
    else if (this.#handle.secure) {
      this.#tls = new LeaseTls(new TlsHandle(this.#handle), this.#handle.state.exclusive);
    }
    return this.#tls;
  }

  /**
   * What the codec had read of an unfinished incoming frame when the lease began, header and all;
   * empty between two frames, and on raw connections. What is read from the socket comes behind it.
   *
   * @throws LwsPoolError ERR_LEASE_MODE on a shared lease: it would be changing
   */
  get leftover(): Buffer {
    return this.#handle.leftover;
  }

  /**
   * Says that what was moved past the lease, through {@link fd} or {@link ssl}, left both
   * directions between two frames, so that the connection can go on. Exclusive leases only.
   */
  vouch(): void {
    this.#handle.vouch();
  }

  /**
   * Takes the connection away for good: no close frame is sent, no FIN and no TLS alert, and the
   * pool forgets it (`close` with 1006 and the reason "detached"). What was queued to be sent is
   * lost. Exclusive leases only. With TLS it waits until the worker has let go of the SSL object.
   *
   * @throws LwsPoolError ERR_TLS_OPERATION with TLS on a worker's own thread; ERR_TOO_MANY_FILES where
   *   no descriptor is left for it, and the lease goes on; ERR_LEASE_OPERATION
   */
  detach(): Detached {
    return this.#handle.detach('detach()', false);
  }

  /**
   * The same for a connection without TLS, as a Socket of `node:net`. What `leftover` holds is the
   * first thing that is read from it.
   *
   * @throws LwsPoolError ERR_TLS_OPERATION with TLS; ERR_TOO_MANY_FILES, ERR_LEASE_OPERATION
   */
  detachToSocket(): Socket {
    const { fd, leftover } = this.#handle.detach('detachToSocket()', true);
    const socket = new Socket({ fd, readable: true, writable: true });
    if (leftover.length > 0) socket.unshift(leftover);
    return socket;
  }

  /** Gives the connection back. Any number of times; never throws. */
  release(): void {
    const { state } = this.#handle;
    state.leasing.end(state, 'released');
  }

  [Symbol.dispose](): void {
    this.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return Promise.resolve();
  }
}

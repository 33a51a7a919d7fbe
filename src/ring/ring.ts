import { argumentError } from '../errors/argument-error.js';
import { createError } from '../errors/errors.js';
import type { Lease } from '../lease/lease.js';
import {
  parsePollOptions,
  parseRecvOptions,
  parseRingOperation,
  parseRingOptions,
  type RecvMultishotOptions,
  type RecvOptions,
  type RingOperationOptions,
  type RingOptions,
} from '../options/ring.js';
import { Engine } from './engine.js';
import { type RingFeatures, ringFeatures } from './features.js';
import { memoryOf } from './memory.js';
import { NOTHING, Single } from './operation.js';
import { checkEvents, checkLease, checkTime, Starter } from './starter.js';
import {
  elapsed,
  LINK_TIMEOUT,
  POLL_ONCE,
  READV,
  READV_ALL,
  RECV,
  RECV_ALL,
  REQUEST,
  REQUEST_ALL,
  reached,
  SEND,
  SEND_ZERO_COPY,
  TIMEOUT,
  WRITEV,
} from './tasks.js';

/**
 * An io_uring (io_uring(7)) for operations on leased connections. All operations of one turn of the
 * event loop are submitted together, right before the loop waits, and completions are read in batches.
 * Use a ring only on the thread that created it, the main thread or that of a worker.
 *
 * An operation belongs to its lease. When the lease ends, its operations in flight are cancelled and
 * reject with the error of the lease, and the connection goes on once the kernel is done with them. A
 * shared lease allows only {@link poll}. At a time, one operation may read and one may write; another
 * in the same direction fails with ERR_LEASE_OPERATION (`EBUSY`), unless in a chain, see {@link link}.
 *
 * Bytes are those of the socket: with `wss:` they are below TLS, and moving them ends the connection
 * with ERR_LEASE_TAINTED, as with `lease.socket`. Leave the memory you pass alone until the promise is
 * settled; it can no longer be transferred to other threads.
 *
 * Every operation may reject with ERR_LEASE_RELEASED, ERR_LEASE_EXPIRED, ERR_LEASE_REVOKED,
 * ERR_LEASE_MODE, ERR_LEASE_OPERATION (with `details.errno` of the kernel), ERR_ABORTED,
 * ERR_RING_CLOSED, ERR_RING_FULL, ERR_RING_TIMEOUT, ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION.
 */
export class Ring {
  readonly #engine: Engine;
  readonly #starter: Starter;

  /**
   * Returns the features of io_uring on this system, or why it is not available.
   *
   * @throws LwsPoolError ERR_TOO_MANY_FILES where there is no free descriptor to find out
   */
  static features(): RingFeatures {
    return ringFeatures();
  }

  /**
   * Creates a ring, io_uring_setup(2).
   *
   * @throws LwsPoolError ERR_URING_UNAVAILABLE, ERR_TOO_MANY_FILES, ERR_INVALID_OPTION
   */
  constructor(options?: RingOptions) {
    this.#engine = new Engine(parseRingOptions(options));
    this.#starter = new Starter(this.#engine);
  }

  /** Whether `close()` was called. */
  get closed(): boolean {
    return this.#engine.closed;
  }

  /** Number of operations that have not ended. They keep the process alive. */
  get inFlight(): number {
    return this.#engine.inFlight;
  }

  /**
   * Waits for events, poll(2). Any lease.
   *
   * @param events bits of {@link POLL}, joined with `|`
   * @returns the events that have occurred
   */
  poll(
    lease: Lease,
    events: number,
    options?: RingOperationOptions & { readonly multishot?: false | undefined },
  ): Promise<number>;
  /**
   * The same, again and again until you leave the loop. Events that occur between two reads of the
   * iterator are joined.
   */
  poll(
    lease: Lease,
    events: number,
    options: RingOperationOptions & { readonly multishot: true },
  ): AsyncIterableIterator<number>;
  poll(
    lease: Lease,
    events: number,
    options?: RingOperationOptions & { readonly multishot?: boolean | undefined },
  ): Promise<number> | AsyncIterableIterator<number> {
    if (options?.multishot === true) return this.#starter.pollMany(lease, events, options);
    return this.#starter.asked(() => {
      const { signal } = parsePollOptions(options);
      checkEvents(events);
      return this.#starter.single(lease, POLL_ONCE, 'shared', signal, events, NOTHING);
    });
  }

  /**
   * Receives bytes, recv(2). Exclusive leases only.
   *
   * @returns how many bytes were received; 0: the peer has ended
   */
  recv(lease: Lease, into: Uint8Array, options?: RecvOptions): Promise<number> {
    return this.#starter.receive(RECV, RECV_ALL, lease, [into], options);
  }

  /**
   * As {@link recv}, into several pieces of memory in order, readv(2). With `all` in a chain, it ends
   * short, and the chain with it, if the bytes arrive in more than a hundred pieces.
   *
   * @returns how many bytes were received; 0: the peer has ended
   */
  readv(lease: Lease, into: readonly Uint8Array[], options?: RecvOptions): Promise<number> {
    return this.#starter.receive(READV, READV_ALL, lease, into, options);
  }

  /**
   * Receives bytes into buffers of the ring, until the peer ends or you leave the loop. Each item is
   * a copy of one piece. Exclusive leases only; needs Linux 6.0.
   *
   * @throws LwsPoolError ERR_URING_UNAVAILABLE
   */
  recvMultishot(lease: Lease, options?: RecvMultishotOptions): AsyncIterableIterator<Buffer> {
    return this.#starter.receiveMany(lease, options);
  }

  /**
   * Sends all bytes, send(2). Exclusive leases only.
   *
   * @returns how many bytes were sent; fewer than given only if it was cancelled or the connection lost
   */
  send(lease: Lease, bytes: Uint8Array, options?: RingOperationOptions): Promise<number> {
    return this.#starter.send(SEND, lease, [bytes], options);
  }

  /**
   * As {@link send}, from several pieces of memory in order, writev(2). In a chain, it ends short, and
   * the chain with it, if the bytes leave in more than a hundred pieces.
   *
   * @returns how many bytes were sent
   */
  writev(
    lease: Lease,
    parts: readonly Uint8Array[],
    options?: RingOperationOptions,
  ): Promise<number> {
    return this.#starter.send(WRITEV, lease, parts, options);
  }

  /**
   * As {@link send}, without a copy in the kernel: worth it for tens of kilobytes. The promise settles
   * only once the peer has acknowledged all bytes and the memory is free, perhaps after the lease.
   * Needs Linux 6.0.
   *
   * @returns how many bytes were sent
   * @throws LwsPoolError ERR_URING_UNAVAILABLE; as a rejection
   */
  sendZeroCopy(lease: Lease, bytes: Uint8Array, options?: RingOperationOptions): Promise<number> {
    return this.#starter.send(SEND_ZERO_COPY, lease, [bytes], options);
  }

  /**
   * Sends a request, then receives the response: `send` and `recv` as one chain with one completion,
   * at half the cost of both in {@link link}. Exclusive leases only; not allowed in a chain.
   *
   * @returns how many bytes were received; 0: the peer has ended
   */
  request(
    lease: Lease,
    bytes: Uint8Array,
    into: Uint8Array,
    options?: RecvOptions,
  ): Promise<number> {
    return this.#starter.asked(() => {
      const { signal, all } = parseRecvOptions(options);
      if (this.#engine.chain !== undefined)
        throw argumentError('build', 'a request()', 'single operations');
      const request = memoryOf('bytes', [bytes]);
      const answer = memoryOf('into', [into]);
      const task = all === true ? REQUEST_ALL : REQUEST;
      return this.#starter.single(lease, task, 'exclusive', signal, 0, answer, request);
    });
  }

  /** Resolves after a number of milliseconds; in a chain, the operations behind it wait for that. */
  timeout(milliseconds: number, options?: RingOperationOptions): Promise<void> {
    return this.#starter.asked<void>(() => {
      const { signal } = parseRingOperation(options);
      checkTime(milliseconds);
      const operation = new Single(TIMEOUT, undefined, undefined, milliseconds, NOTHING, elapsed);
      this.#starter.begin(operation, signal);
      return operation.promise.then(() => undefined);
    });
  }

  /**
   * In a chain, right behind an operation: limits its time. If it has not ended after so many
   * milliseconds, it rejects with ERR_RING_TIMEOUT, and the rest of the chain is cancelled.
   *
   * @returns true if the limit was reached
   */
  linkTimeout(milliseconds: number): Promise<boolean> {
    return this.#starter.asked(() => {
      checkTime(milliseconds);
      const before = this.#engine.chain?.operations.at(-1);
      if (before === undefined || before.task === LINK_TIMEOUT || before.task === TIMEOUT) {
        throw createError('ERR_INVALID_ARGUMENT', {
          argument: 'linkTimeout()',
          got: 'nothing before it that it could end',
          takes: 'a place behind an operation on a lease, in link()',
        });
      }
      before.limit = milliseconds;
      const time = milliseconds;
      const operation = new Single(LINK_TIMEOUT, undefined, undefined, time, NOTHING, reached);
      this.#starter.begin(operation, undefined);
      return operation.promise;
    });
  }

  /**
   * Makes a chain of the operations that `build` starts: each begins when the one before it is
   * complete. If one fails, those behind it reject with ERR_ABORTED. If one is cancelled, by its signal
   * or with its lease, all that have not ended are.
   *
   *     const [sent, received] = await Promise.all(
   *       ring.link(() => [ring.send(lease, request), ring.recv(lease, answer)]),
   *     );
   *
   * @returns the result of `build`
   * @throws LwsPoolError ERR_RING_CLOSED, ERR_RING_FULL, ERR_INVALID_ARGUMENT; and whatever `build`
   *   throws
   */
  link<Result>(build: () => Result): Result {
    this.#engine.require('link()');
    if (typeof build !== 'function') throw argumentError('build', build, 'a function');
    if (this.#engine.chain !== undefined) {
      throw argumentError('build', 'a chain in a chain', 'operations one after the other');
    }
    return this.#engine.link(build);
  }

  /** Cancels all operations in flight on a lease: they reject with ERR_ABORTED. The lease goes on. */
  cancel(lease: Lease): void {
    const handle = checkLease(lease);
    const operations = [...this.#engine.operationsOn(handle.state)];
    for (const operation of operations) {
      operation.why ??= this.#starter.aborted(operation, 'cancel() was called');
    }
    this.#engine.cancel(operations);
  }

  /**
   * Cancels all operations in flight. You may call it again.
   *
   * @returns a promise that resolves once all have ended; a `sendZeroCopy()` ends only when its peer has
   *   acknowledged it
   */
  close(): Promise<void> {
    return this.#engine.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

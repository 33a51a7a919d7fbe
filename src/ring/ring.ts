import { onAbort } from '../base/abort.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { LeaseHandle } from '../lease/handle.js';
import { handleOf, type Lease } from '../lease/lease.js';
import {
  parseMultishotOptions,
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
import { type RingFeatures, requireFeature, ringFeatures } from './features.js';
import { memoryOf, wrong } from './memory.js';
import { type Arming, type Multishot, PollMany, ReceiveMany, type Work } from './multishot.js';
import { Asked, NOTHING, type Operation, Single, type Task, Whole } from './operation.js';
import {
  amount,
  elapsed,
  LINK_TIMEOUT,
  POLL_MANY,
  POLL_ONCE,
  READV,
  READV_ALL,
  RECV,
  RECV_ALL,
  RECV_MANY,
  REQUEST,
  REQUEST_ALL,
  reached,
  SEND,
  SEND_ZERO_COPY,
  TIMEOUT,
  WRITEV,
} from './tasks.js';

const LONGEST = 2 ** 31 - 1;

/**
 * An io_uring (io_uring(7)) whose operations work on leased connections. What one turn of the loop
 * asks for is handed to the kernel together, right before the loop waits, and answers are taken in
 * batches. For the thread that made it, the main one or a worker's.
 *
 * An operation belongs to its lease: when that ends, whatever ends it, all that is in flight on it
 * is cancelled first, and the connection goes on only once the kernel is done with it. Promises
 * then reject with the lease's error. A shared lease may {@link poll}, an exclusive one everything.
 * One operation at a time may read, and one may write; several in one direction are ERR_LEASE_OPERATION
 * with `EBUSY`, unless they are a chain, see {@link link}.
 *
 * All bytes are those of the socket: with `wss:` they lie below TLS, and moving them ends the
 * connection with ERR_LEASE_TAINTED, as `lease.socket` does. Memory that was passed must be left
 * alone until the promise is settled, and cannot be transferred to other threads any more.
 *
 * Every operation throws, by rejecting: ERR_LEASE_RELEASED, ERR_LEASE_EXPIRED, ERR_LEASE_REVOKED,
 * ERR_LEASE_MODE, ERR_LEASE_OPERATION (what the kernel says, with `details.errno`), ERR_ABORTED,
 * ERR_RING_CLOSED, ERR_RING_FULL, ERR_RING_TIMEOUT, ERR_INVALID_ARGUMENT, ERR_INVALID_OPTION.
 */
export class Ring {
  readonly #engine: Engine;

  /**
   * What io_uring can do here: also where there is none, it answers that.
   *
   * @throws LwsPoolError ERR_TOO_MANY_FILES where no descriptor is left to find out
   */
  static features(): RingFeatures {
    return ringFeatures();
  }

  /** @throws LwsPoolError ERR_URING_UNAVAILABLE, ERR_TOO_MANY_FILES, ERR_INVALID_OPTION */
  constructor(options?: RingOptions) {
    this.#engine = new Engine(parseRingOptions(options));
  }

  get closed(): boolean {
    return this.#engine.closed;
  }

  /** Operations that have not ended. They keep the process alive. */
  get inFlight(): number {
    return this.#engine.inFlight;
  }

  /**
   * Waits for events of poll(2), see {@link POLL}; any lease.
   *
   * @returns the events that there are; with `multishot` an iterator of them, where those that came
   *   while nobody asked are joined
   */
  poll(
    lease: Lease,
    events: number,
    options?: RingOperationOptions & { readonly multishot?: false | undefined },
  ): Promise<number>;
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
    if (options?.multishot === true) return this.#pollMany(lease, events, options);
    return this.#asked(() => {
      const { signal } = parsePollOptions(options);
      checkEvents(events);
      return this.#single(lease, POLL_ONCE, 'shared', signal, events, NOTHING);
    });
  }

  /**
   * Receives into that memory (recv(2)).
   *
   * @returns how many bytes; 0: the peer has ended
   */
  recv(lease: Lease, into: Uint8Array, options?: RecvOptions): Promise<number> {
    return this.#receive(RECV, RECV_ALL, lease, [into], options);
  }

  /**
   * The same into several pieces of memory, one after the other (readv(2)). With `all` in a chain it
   * ends short, and with it the chain, if so many bytes come in more than a hundred pieces.
   */
  readv(lease: Lease, into: readonly Uint8Array[], options?: RecvOptions): Promise<number> {
    return this.#receive(READV, READV_ALL, lease, into, options);
  }

  /**
   * Receives whatever comes, into buffers of the ring, until the peer ends or the iterator is left.
   * Each item is one piece, copied out of the ring. Linux 6.0.
   *
   * @throws LwsPoolError ERR_URING_UNAVAILABLE
   */
  recvMultishot(lease: Lease, options?: RecvMultishotOptions): AsyncIterableIterator<Buffer> {
    const { signal, highWaterMark } = parseMultishotOptions(options);
    requireFeature('recvMultishot');
    const work = this.#work(lease, RECV_MANY, 'exclusive');
    return this.#many(new ReceiveMany(this.#arming, work, highWaterMark), signal);
  }

  /**
   * Sends all of it (send(2)).
   *
   * @returns how many bytes; fewer than there are only if it was cancelled or lost on the way
   */
  send(lease: Lease, bytes: Uint8Array, options?: RingOperationOptions): Promise<number> {
    return this.#send(SEND, lease, [bytes], options);
  }

  /**
   * The same from several pieces of memory (writev(2)). In a chain it ends short, and with it the
   * chain, if the peer takes them in more than a hundred pieces.
   */
  writev(
    lease: Lease,
    parts: readonly Uint8Array[],
    options?: RingOperationOptions,
  ): Promise<number> {
    return this.#send(WRITEV, lease, parts, options);
  }

  /**
   * Sends it without a copy in the kernel: worth it for tens of kilobytes. Settled only once the
   * peer has acknowledged all of it and the memory is free, which may be after the lease. Linux 6.0.
   */
  sendZeroCopy(lease: Lease, bytes: Uint8Array, options?: RingOperationOptions): Promise<number> {
    return this.#send(SEND_ZERO_COPY, lease, [bytes], options);
  }

  /**
   * Sends all of a request, then receives the answer to it: `send` and `recv` as one chain that
   * answers once, which costs half of both in {@link link}. Not for chains.
   *
   * @returns how many bytes were received; 0: the peer has ended
   */
  request(
    lease: Lease,
    bytes: Uint8Array,
    into: Uint8Array,
    options?: RecvOptions,
  ): Promise<number> {
    return this.#asked(() => {
      const { signal, all } = parseRecvOptions(options);
      if (this.#engine.chain !== undefined)
        throw wrong('build', 'a request()', 'single operations');
      const request = memoryOf('bytes', [bytes]);
      const answer = memoryOf('into', [into]);
      const task = all === true ? REQUEST_ALL : REQUEST;
      return this.#single(lease, task, 'exclusive', signal, 0, answer, request);
    });
  }

  /** Resolves after so many milliseconds; in a chain, what follows waits. */
  timeout(milliseconds: number, options?: RingOperationOptions): Promise<void> {
    return this.#asked<void>(() => {
      const { signal } = parseRingOperation(options);
      checkTime(milliseconds);
      const operation = new Single(TIMEOUT, undefined, undefined, milliseconds, NOTHING, elapsed);
      this.#begin(operation, signal);
      return operation.promise.then(() => undefined);
    });
  }

  /**
   * In a chain, right behind an operation: cancels that, and so the rest, if it has not ended after
   * so many milliseconds. It then rejects with ERR_RING_TIMEOUT.
   *
   * @returns whether it came to that
   */
  linkTimeout(milliseconds: number): Promise<boolean> {
    return this.#asked(() => {
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
      this.#begin(operation, undefined);
      return operation.promise;
    });
  }

  /**
   * Makes a chain of all that `build` asks for, at once: each operation begins when the one before
   * it has done all it was to do. If one fails, those behind it reject with ERR_ABORTED; if one is
   * cancelled, by its signal or with its lease, all that has not ended does.
   *
   *     const [sent, received] = await Promise.all(
   *       ring.link(() => [ring.send(lease, request), ring.recv(lease, answer)]),
   *     );
   *
   * @returns what `build` answers
   */
  link<Result>(build: () => Result): Result {
    this.#engine.require('link()');
    if (typeof build !== 'function') throw wrong('build', build, 'a function');
    if (this.#engine.chain !== undefined) {
      throw wrong('build', 'a chain in a chain', 'operations one after the other');
    }
    return this.#engine.link(build);
  }

  /** Cancels what is in flight on a lease: it rejects with ERR_ABORTED. The lease goes on. */
  cancel(lease: Lease): void {
    const handle = checkLease(lease);
    const operations = [...this.#engine.operationsOn(handle.state)];
    for (const operation of operations) {
      operation.why ??= this.#aborted(operation, 'cancel() was called');
    }
    this.#engine.cancel(operations);
  }

  /**
   * Cancels all that is in flight, and resolves once it has ended; any number of times. A
   * `sendZeroCopy()` has to be acknowledged by its peer first.
   */
  close(): Promise<void> {
    return this.#engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // --- how they are made --------------------------------------------------------------------------

  readonly #arming: Arming = {
    arm: (operation) => {
      this.#engine.require(operation.name);
      operation.handle?.require();
      // Again, it may be while a chain is built.
      this.#engine.begin(operation, undefined);
    },
    cancel: (operation) => this.#engine.cancel([operation]),
    chunk: (buffer, size) => this.#engine.chunk(buffer, size),
  };

  #pollMany(
    lease: Lease,
    events: number,
    options: RingOperationOptions,
  ): AsyncIterableIterator<number> {
    const { signal } = parsePollOptions(options);
    checkEvents(events);
    const work = this.#work(lease, POLL_MANY, 'shared', events);
    return this.#many(new PollMany(this.#arming, work), signal);
  }

  #receive(
    some: Task,
    whole: Task,
    lease: Lease,
    into: readonly Uint8Array[],
    options: RecvOptions | undefined,
  ): Promise<number> {
    return this.#asked(() => {
      const { signal, all } = parseRecvOptions(options);
      const memory = memoryOf('into', into);
      return this.#single(lease, all === true ? whole : some, 'exclusive', signal, 0, memory);
    });
  }

  #send(
    task: Task,
    lease: Lease,
    bytes: readonly Uint8Array[],
    options: RingOperationOptions | undefined,
  ): Promise<number> {
    return this.#asked(() => {
      const { signal } = parseRingOperation(options);
      const memory = memoryOf('bytes', bytes);
      if (task === SEND_ZERO_COPY) requireFeature('sendZeroCopy');
      return this.#single(lease, task, 'exclusive', signal, 0, memory);
    });
  }

  /** Whoever asks for something gets a promise, whatever is wrong. In a chain that ends the chain. */
  #asked<Result>(ask: () => Promise<Result>): Promise<Result> {
    if (this.#engine.chain !== undefined) return ask();
    try {
      return ask();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The lease, if an operation may begin on it. */
  #open(lease: Lease, { name }: Task, mode: 'shared' | 'exclusive'): LeaseHandle {
    const handle = checkLease(lease);
    this.#engine.require(name);
    handle.require(mode === 'exclusive' ? name : undefined);
    return handle;
  }

  #work(lease: Lease, task: Task, mode: 'shared' | 'exclusive', events = 0): Work {
    const handle = this.#open(lease, task, mode);
    return { task, handle, events, attachment: this.#engine.attach(handle) };
  }

  #single(
    lease: Lease,
    task: Task,
    mode: 'shared' | 'exclusive',
    signal: AbortSignal | undefined,
    argument: number,
    memory: readonly Uint8Array[],
    request?: readonly Uint8Array[],
  ): Promise<number> {
    const handle = this.#open(lease, task, mode);
    const attachment = this.#engine.attach(handle);
    const operation =
      memory.length > 1 && task.kind !== Asked.receive
        ? new Whole(this.#arming.arm, task, attachment, handle, argument, memory, amount)
        : new Single(task, attachment, handle, argument, memory, amount, request);
    this.#begin(operation, signal);
    return operation.promise;
  }

  #begin<Result>(operation: Single<Result>, signal: AbortSignal | undefined): void {
    this.#engine.require(operation.name);
    if (signal?.aborted) throw this.#aborted(operation, undefined, signal);
    this.#engine.begin(operation, this.#engine.chain);
    if (signal === undefined) return;
    const ignore = onAbort(signal, () => {
      // Of a chain, all: an operation that has not begun cannot be cancelled by itself.
      for (const one of operation.chain?.operations ?? [operation]) {
        one.why ??= this.#aborted(one, undefined, signal);
      }
      this.#engine.cancel(operation.chain?.operations ?? [operation]);
    });
    operation.promise.then(ignore, ignore);
  }

  #many<Value>(
    operation: Multishot<Value>,
    signal: AbortSignal | undefined,
  ): AsyncIterableIterator<Value> {
    if (signal?.aborted) throw this.#aborted(operation, undefined, signal);
    if (this.#engine.chain !== undefined) {
      throw wrong('build', `a multishot ${operation.name}`, 'operations that end by themselves');
    }
    operation.start();
    if (signal !== undefined) {
      operation.onOver = onAbort(signal, () =>
        operation.abort(this.#aborted(operation, undefined, signal)),
      );
    }
    return operation.stream;
  }

  #aborted(
    operation: Operation,
    reason: string | undefined,
    signal?: AbortSignal | undefined,
  ): LwsPoolError {
    const connection = operation.handle?.state.leasing.connection.id;
    const details = { operation: operation.name, connection, reason };
    return createError('ERR_ABORTED', details, signal && { cause: signal.reason });
  }
}

function checkLease(lease: unknown): LeaseHandle {
  const handle = handleOf(lease);
  if (handle === undefined) throw wrong('lease', lease, 'a lease of a connection');
  return handle;
}

function checkEvents(events: unknown): void {
  if (!Number.isInteger(events) || (events as number) < 0 || (events as number) > 0xffff) {
    throw wrong('events', events, 'events of POLL, joined with |');
  }
}

function checkTime(milliseconds: unknown): void {
  const time = milliseconds as number;
  if (!Number.isInteger(time) || time < 0 || time > LONGEST) {
    throw wrong('milliseconds', milliseconds, `an integer from 0 to ${LONGEST} (milliseconds)`);
  }
}

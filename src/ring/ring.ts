import { isUint8Array } from 'node:util/types';
import { markAsUntransferable } from 'node:worker_threads';
import { onAbort } from '../pool/abort.js';
import { createError, type LwsPoolError } from '../pool/errors.js';
import type { LeaseHandle } from '../pool/lease/handle.js';
import { handleOf, type Lease } from '../pool/lease/lease.js';
import { describe } from '../pool/options/describe.js';
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
} from '../pool/options/ring.js';
import { Engine, type Make } from './engine.js';
import { type RingFeatures, requireFeature, ringFeatures } from './features.js';
import { type Arming, type Multishot, PollMany, ReceiveMany } from './multishot.js';
import { ETIME, type Operation, Single } from './operation.js';

/** IOV_MAX of Linux. */
const MOST_PARTS = 1024;
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

  /** What io_uring can do here; never throws. */
  static features(): RingFeatures {
    return ringFeatures();
  }

  /** @throws LwsPoolError ERR_URING_UNAVAILABLE, ERR_INVALID_OPTION */
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
      return this.#single(lease, 'poll()', 'poll', signal, undefined, (target, name) => {
        return (ring, chain) => ring.poll(...name, chain, target, events, false);
      });
    });
  }

  /**
   * Receives into that memory (recv(2)).
   *
   * @returns how many bytes; 0: the peer has ended
   */
  recv(lease: Lease, into: Uint8Array, options?: RecvOptions): Promise<number> {
    return this.#receive('recv()', lease, [into], options);
  }

  /** The same into several pieces of memory, one after the other (readv(2)). */
  readv(lease: Lease, into: readonly Uint8Array[], options?: RecvOptions): Promise<number> {
    return this.#receive('readv()', lease, into, options);
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
    const name = 'recvMultishot()';
    const { handle, attachment } = this.#open(lease, name, 'exclusive');
    const what = { name, syscall: 'recv', attachment, handle };
    const arming = this.#arming(handle, (target, own) => (ring, chain) => {
      return ring.receiveMany(...own, chain, target);
    });
    return this.#many(new ReceiveMany(arming, what, highWaterMark), signal);
  }

  /**
   * Sends all of it (send(2)).
   *
   * @returns how many bytes; fewer than there are only if it was cancelled or lost on the way
   */
  send(lease: Lease, bytes: Uint8Array, options?: RingOperationOptions): Promise<number> {
    return this.#send('send()', lease, [bytes], false, options);
  }

  /** The same from several pieces of memory (writev(2)). */
  writev(
    lease: Lease,
    parts: readonly Uint8Array[],
    options?: RingOperationOptions,
  ): Promise<number> {
    return this.#send('writev()', lease, parts, false, options);
  }

  /**
   * Sends it without a copy in the kernel: worth it for tens of kilobytes. Settled only once the
   * peer has acknowledged all of it and the memory is free, which may be after the lease. Linux 6.0.
   */
  sendZeroCopy(lease: Lease, bytes: Uint8Array, options?: RingOperationOptions): Promise<number> {
    return this.#send('sendZeroCopy()', lease, [bytes], true, options);
  }

  /** Resolves after so many milliseconds; in a chain, what follows waits. */
  timeout(milliseconds: number, options?: RingOperationOptions): Promise<void> {
    return this.#asked<void>(() => {
      const { signal } = parseRingOperation(options);
      checkTime(milliseconds);
      const what = { name: 'timeout()', syscall: 'timeout' };
      const operation = new Single(what, undefined, (result) => result === ETIME || undefined);
      this.#begin(operation, signal, (ring) => ring.timeout(milliseconds, false));
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
      if (before === undefined || before.name === 'linkTimeout()' || before.name === 'timeout()') {
        throw createError('ERR_INVALID_ARGUMENT', {
          argument: 'linkTimeout()',
          got: 'nothing before it that it could end',
          takes: 'a place behind an operation on a lease, in link()',
        });
      }
      before.limit = milliseconds;
      const what = { name: 'linkTimeout()', syscall: 'timeout' };
      const operation = new Single(what, undefined, (result) => result === ETIME);
      this.#begin(operation, undefined, (ring) => ring.timeout(milliseconds, true));
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

  #pollMany(
    lease: Lease,
    events: number,
    options: RingOperationOptions,
  ): AsyncIterableIterator<number> {
    const { signal } = parsePollOptions(options);
    checkEvents(events);
    const name = 'poll()';
    const { handle, attachment } = this.#open(lease, name, 'shared');
    const what = { name, syscall: 'poll', attachment, handle };
    const arming = this.#arming(handle, (target, own) => (ring, chain) => {
      return ring.poll(...own, chain, target, events, true);
    });
    return this.#many(new PollMany(arming, what), signal);
  }

  #receive(
    name: string,
    lease: Lease,
    into: readonly Uint8Array[],
    options: RecvOptions | undefined,
  ): Promise<number> {
    return this.#asked(() => {
      const { signal, all = false } = parseRecvOptions(options);
      const parts = memoryOf('into', into);
      return this.#single(lease, name, 'recv', signal, parts, (target, own) => {
        return (ring, chain) => ring.receive(...own, chain, target, parts, all);
      });
    });
  }

  #send(
    name: string,
    lease: Lease,
    bytes: readonly Uint8Array[],
    zeroCopy: boolean,
    options: RingOperationOptions | undefined,
  ): Promise<number> {
    return this.#asked(() => {
      const { signal } = parseRingOperation(options);
      const parts = memoryOf('bytes', bytes);
      if (zeroCopy) requireFeature('sendZeroCopy');
      return this.#single(lease, name, 'send', signal, parts, (target, own) => {
        return (ring, chain) => ring.send(...own, chain, target, parts, zeroCopy);
      });
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

  #open(lease: Lease, name: string, mode: 'shared' | 'exclusive') {
    const handle = checkLease(lease);
    this.#engine.require(name);
    handle.require(mode === 'exclusive' ? name : undefined);
    return { handle, attachment: this.#engine.attach(handle) };
  }

  #single(
    lease: Lease,
    name: string,
    syscall: string,
    signal: AbortSignal | undefined,
    memory: readonly Uint8Array[] | undefined,
    make: Maker,
  ): Promise<number> {
    const { handle, attachment } = this.#open(lease, name, memory ? 'exclusive' : 'shared');
    const what = { name, syscall, attachment, handle };
    const operation = new Single(what, memory, (result) => (result >= 0 ? result : undefined));
    this.#begin(operation, signal, make(attachment.target, nameOf(handle)));
    return operation.promise;
  }

  #begin<Result>(operation: Single<Result>, signal: AbortSignal | undefined, make: Make): void {
    this.#engine.require(operation.name);
    if (signal?.aborted) throw this.#aborted(operation, undefined, signal);
    this.#engine.begin(operation, make, this.#engine.chain);
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

  #arming(handle: LeaseHandle, make: Maker): Arming {
    return {
      arm: (operation) => {
        this.#engine.require(operation.name);
        const attachment = this.#engine.attach(handle);
        // Again, it may be while a chain is built.
        this.#engine.begin(operation, make(attachment.target, nameOf(handle)), undefined);
      },
      cancel: (operation) => this.#engine.cancel([operation]),
      chunk: (buffer, size) => this.#engine.chunk(buffer, size),
    };
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

type OwnName = Parameters<Parameters<LeaseHandle['call']>[1]>;
type Maker = (target: number, name: OwnName) => Make;

/** The lease as native code knows it. */
function nameOf({ state: { leasing, token } }: LeaseHandle): OwnName {
  return [leasing.native, leasing.slot, leasing.generation, token];
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

/** A list of its own: whoever made the other one may take pieces out while the kernel uses them. */
function memoryOf(argument: string, given: readonly Uint8Array[]): readonly Uint8Array[] {
  const parts = Array.isArray(given) ? [...given] : [];
  if (parts.length === 0 || parts.length > MOST_PARTS) {
    throw wrong(argument, given, `an array of 1 to ${MOST_PARTS} Buffers or Uint8Arrays`);
  }
  for (const part of parts) {
    if (!isUint8Array(part) || part.length === 0 || part.length > LONGEST) {
      throw wrong(argument, part, 'a Buffer or Uint8Array of at least 1 byte');
    }
    if ((part.buffer as { resizable?: boolean }).resizable === true) {
      throw wrong(argument, 'memory that can be resized', 'a Buffer or Uint8Array of a fixed size');
    }
    pin(part.buffer);
  }
  return parts;
}

const pinned = new WeakSet<ArrayBufferLike>();

/** The kernel writes to it: it must not become another thread's. */
function pin(memory: ArrayBufferLike): void {
  if (pinned.has(memory)) return;
  pinned.add(memory);
  markAsUntransferable(memory);
}

function wrong(argument: string, got: unknown, takes: string) {
  return createError('ERR_INVALID_ARGUMENT', { argument, got: describe(got), takes });
}

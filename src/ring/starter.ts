import { onAbort } from '../base/abort.js';
import { argumentError } from '../errors/argument-error.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import type { LeaseHandle } from '../lease/handle.js';
import { handleOf, type Lease } from '../lease/lease.js';
import {
  parseMultishotOptions,
  parsePollOptions,
  parseRecvOptions,
  parseRingOperation,
  type RecvMultishotOptions,
  type RecvOptions,
  type RingOperationOptions,
} from '../options/ring.js';
import type { Engine } from './engine.js';
import { requireFeature } from './features.js';
import { memoryOf } from './memory.js';
import { type Arming, type Multishot, PollMany, ReceiveMany, type Work } from './multishot.js';
import { Asked, type Operation, Single, type Task, Whole } from './operation.js';
import { amount, POLL_MANY, RECV_MANY, SEND_ZERO_COPY } from './tasks.js';

const LONGEST = 2 ** 31 - 1;

/** Makes the operations of a ring from the arguments of its methods, and begins them. */
export class Starter {
  readonly #engine: Engine;
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

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  pollMany(
    lease: Lease,
    events: number,
    options: RingOperationOptions,
  ): AsyncIterableIterator<number> {
    const { signal } = parsePollOptions(options);
    checkEvents(events);
    const work = this.#work(lease, POLL_MANY, 'shared', events);
    return this.many(new PollMany(this.#arming, work), signal);
  }

  receiveMany(
    lease: Lease,
    options: RecvMultishotOptions | undefined,
  ): AsyncIterableIterator<Buffer> {
    const { signal, highWaterMark } = parseMultishotOptions(options);
    requireFeature('recvMultishot');
    const work = this.#work(lease, RECV_MANY, 'exclusive');
    return this.many(new ReceiveMany(this.#arming, work, highWaterMark), signal);
  }

  receive(
    some: Task,
    whole: Task,
    lease: Lease,
    into: readonly Uint8Array[],
    options: RecvOptions | undefined,
  ): Promise<number> {
    return this.asked(() => {
      const { signal, all } = parseRecvOptions(options);
      const memory = memoryOf('into', into);
      return this.single(lease, all === true ? whole : some, 'exclusive', signal, 0, memory);
    });
  }

  send(
    task: Task,
    lease: Lease,
    bytes: readonly Uint8Array[],
    options: RingOperationOptions | undefined,
  ): Promise<number> {
    return this.asked(() => {
      const { signal } = parseRingOperation(options);
      const memory = memoryOf('bytes', bytes);
      if (task === SEND_ZERO_COPY) requireFeature('sendZeroCopy');
      return this.single(lease, task, 'exclusive', signal, 0, memory);
    });
  }

  /** Turns exceptions into rejections, except in a chain, which they end. */
  asked<Result>(ask: () => Promise<Result>): Promise<Result> {
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

  single(
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
    this.begin(operation, signal);
    return operation.promise;
  }

  begin<Result>(operation: Single<Result>, signal: AbortSignal | undefined): void {
    this.#engine.require(operation.name);
    if (signal?.aborted) throw this.aborted(operation, undefined, signal);
    this.#engine.begin(operation, this.#engine.chain);
    if (signal === undefined) return;
    const ignore = onAbort(signal, () => {
      // Of a chain, all: an operation that has not begun cannot be cancelled by itself.
      for (const one of operation.chain?.operations ?? [operation]) {
        one.why ??= this.aborted(one, undefined, signal);
      }
      this.#engine.cancel(operation.chain?.operations ?? [operation]);
    });
    operation.promise.then(ignore, ignore);
  }

  many<Value>(
    operation: Multishot<Value>,
    signal: AbortSignal | undefined,
  ): AsyncIterableIterator<Value> {
    if (signal?.aborted) throw this.aborted(operation, undefined, signal);
    if (this.#engine.chain !== undefined) {
      throw argumentError(
        'build',
        `a multishot ${operation.name}`,
        'operations that end by themselves',
      );
    }
    operation.start();
    if (signal !== undefined) {
      operation.onOver = onAbort(signal, () =>
        operation.abort(this.aborted(operation, undefined, signal)),
      );
    }
    return operation.stream;
  }

  aborted(
    operation: Operation,
    reason: string | undefined,
    signal?: AbortSignal | undefined,
  ): LwsPoolError {
    const connection = operation.handle?.state.leased.connection.id;
    const details = { operation: operation.name, connection, reason };
    return createError('ERR_ABORTED', details, signal && { cause: signal.reason });
  }
}

export function checkLease(lease: unknown): LeaseHandle {
  const handle = handleOf(lease);
  if (handle === undefined) throw argumentError('lease', lease, 'a lease of a connection');
  return handle;
}

export function checkEvents(events: unknown): void {
  if (!Number.isInteger(events) || (events as number) < 0 || (events as number) > 0xffff) {
    throw argumentError('events', events, 'events of POLL, joined with |');
  }
}

export function checkTime(milliseconds: unknown): void {
  const time = milliseconds as number;
  if (!Number.isInteger(time) || time < 0 || time > LONGEST) {
    throw argumentError(
      'milliseconds',
      milliseconds,
      `an integer from 0 to ${LONGEST} (milliseconds)`,
    );
  }
}

import { type NativeRing, native } from '../native.js';
import { createError } from '../pool/errors.js';
import type { LeaseHandle } from '../pool/lease/handle.js';
import type { LeaseState, LeaseUser } from '../pool/lease/state.js';
import type { ResolvedRingOptions } from '../pool/options.js';
import type { Attachment } from './attachment.js';
import { unavailable } from './features.js';
import { type Chain, CLOSING, MORE, type Operation } from './operation.js';

/** Answers that are taken at once, of three numbers each. */
const BATCH = 256;
/** How often what is in flight is cancelled without waiting: each time the next of a chain begins. */
const ROUNDS = 8;
/** Milliseconds. */
const WAIT = 10;

/** Makes an operation in native code and answers its number. */
export type Make = (ring: NativeRing, chain: number) => number;

/** The operations of a ring, and the leases they belong to. */
export class Engine implements LeaseUser {
  readonly #options: ResolvedRingOptions;
  readonly #native: NativeRing;
  readonly #answers = new Float64Array(BATCH * 3);
  readonly #operations = new Map<number, Operation>();
  readonly #attachments = new Map<LeaseState, Attachment>();
  /** Until they have ended. */
  readonly #cancelled = new Set<Operation>();
  /** Native code holds it while something is in flight, and nobody else does. */
  readonly #onAnswers = () => this.take();
  #closing: PromiseWithResolvers | undefined;
  #chain: Chain | undefined;

  /** @throws LwsPoolError ERR_URING_UNAVAILABLE */
  constructor(options: ResolvedRingOptions) {
    this.#options = options;
    const { entries, completions, registered, bufferCount, bufferSize } = options;
    const sizes = [entries, completions, registered, bufferCount, bufferSize] as const;
    try {
      this.#native = new native.Ring(...sizes, this.#onAnswers);
    } catch (error) {
      const { errno } = error as { errno?: number };
      throw errno === undefined ? error : unavailable(errno);
    }
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  get inFlight(): number {
    return this.#operations.size;
  }

  get chain(): Chain | undefined {
    return this.#chain;
  }

  /** @throws LwsPoolError ERR_RING_CLOSED */
  require(operation: string): void {
    if (this.closed) throw createError('ERR_RING_CLOSED', { operation });
  }

  /** What is in flight on a lease. */
  operationsOn(state: LeaseState): Iterable<Operation> {
    return this.#attachments.get(state)?.operations ?? [];
  }

  /** The ring's hold on the socket of a lease. */
  attach(handle: LeaseHandle): Attachment {
    const { state } = handle;
    const known = this.#attachments.get(state);
    if (known !== undefined) return known;
    const target = handle.call('dup', (leases, ...name) => this.#native.attach(leases, ...name));
    const attachment: Attachment = { state, target, operations: new Set() };
    this.#attachments.set(state, attachment);
    state.users ??= new Set();
    state.users.add(this);
    return attachment;
  }

  /** Makes an operation, and starts it if it is not part of a chain. */
  begin(operation: Operation, make: Make): void {
    const { handle, syscall } = operation;
    const chain = this.#chain;
    const number = chain?.number ?? native.Ring.nextChain();
    operation.id =
      handle === undefined
        ? make(this.#native, number)
        : handle.call(syscall, () => make(this.#native, number));
    if (chain === undefined) {
      this.#start([operation]);
    } else {
      operation.chain = chain;
      chain.operations.push(operation);
    }
  }

  /** What `build` asks for becomes one chain. */
  link<Result>(build: () => Result): Result {
    const chain: Chain = { number: native.Ring.nextChain(), operations: [], failed: false };
    this.#chain = chain;
    try {
      const result = build();
      this.#chain = undefined;
      this.require('link()');
      if (chain.broken !== undefined) throw chain.broken;
      if (chain.operations.length > 0) this.#start(chain.operations);
      // By a signal, while it was built.
      this.cancel(chain.operations.filter(({ why }) => why !== undefined));
      return result;
    } catch (error) {
      const reason = 'its chain was not begun';
      for (const operation of chain.operations) {
        this.#native.discard(operation.id);
        operation.fail(createError('ERR_ABORTED', { operation: operation.name, reason }));
      }
      throw error;
    } finally {
      this.#chain = undefined;
    }
  }

  #start(operations: readonly Operation[]): void {
    const outcome = this.#native.start(operations.map(({ id }) => id));
    if (outcome !== 0) {
      if (operations.length === 1) this.#native.discard((operations[0] as Operation).id);
      const { entries } = this.#options;
      const reason = operations.length > entries ? `a chain of ${operations.length}` : undefined;
      throw createError('ERR_RING_FULL', { limit: entries, reason });
    }
    for (const operation of operations) {
      this.#operations.set(operation.id, operation);
      operation.attachment?.operations.add(operation);
    }
  }

  /** Any number of times; an operation that has done its work meanwhile has. */
  cancel(operations: Iterable<Operation>): void {
    for (const operation of operations) {
      if (!this.#operations.has(operation.id)) continue;
      this.#cancelled.add(operation);
      this.#native.cancel(operation.id);
    }
  }

  chunk(buffer: number, size: number): Buffer {
    return this.#native.chunk(buffer, size);
  }

  /** Takes all answers that have come. */
  take(): void {
    let any = false;
    let count: number;
    do {
      count = this.#native.take(this.#answers);
      for (let at = 0; at < count * 3; at += 3) {
        const operation = this.#operations.get(this.#answers[at] as number);
        if (operation === undefined) continue;
        any = true;
        const flags = this.#answers[at + 2] as number;
        if ((flags & CLOSING) !== 0) operation.attachment?.state.leasing.closing();
        if ((flags & MORE) === 0) this.#over(operation);
        operation.answer(this.#answers[at + 1] as number, flags);
      }
    } while (count === BATCH);
    // Of a chain only what has begun can be cancelled: the next one has begun since.
    if (any) for (const { id } of this.#cancelled) this.#native.cancel(id);
    if (this.#operations.size === 0) this.#closing?.resolve();
  }

  #over(operation: Operation): void {
    const { attachment } = operation;
    this.#operations.delete(operation.id);
    this.#cancelled.delete(operation);
    if (attachment === undefined) return;
    attachment.operations.delete(operation);
    if (attachment.state.ending !== undefined) this.#detach(attachment);
  }

  #detach(attachment: Attachment): void {
    const { state, operations, target } = attachment;
    if (operations.size > 0 || !this.#attachments.delete(state)) return;
    state.users?.delete(this);
    const { native: leases, slot, generation } = state.leasing;
    this.#native.detach(leases, slot, generation, target);
  }

  /** A lease ends: all that is in flight on it is cancelled. The descriptor does not go back before. */
  leave(state: LeaseState, patience: number): void {
    const attachment = this.#attachments.get(state);
    if (attachment === undefined) return;
    const { operations } = attachment;
    const why = (name: string) => {
      if (state.ending !== undefined) return state.error();
      const connection = state.leasing.connection.id;
      const reason = 'its connection is being detached';
      return createError('ERR_ABORTED', { operation: name, connection, reason });
    };
    if (state.ending === undefined) {
      for (const operation of operations) operation.why ??= why(operation.name);
    }
    // What is only being asked for in link() must not begin: the socket is about to be another's.
    for (const operation of this.#chain?.operations ?? []) {
      if (operation.attachment !== attachment) continue;
      this.#native.discard(operation.id);
      operation.fail(why(operation.name));
      (this.#chain as Chain).broken ??= why('link()');
    }
    this.#finish(operations, patience);
    if (state.ending !== undefined) this.#detach(attachment);
  }

  #finish(operations: ReadonlySet<Operation> | ReadonlyMap<number, Operation>, patience: number) {
    // What the kernel has seen by now is told: a cancelled operation would keep it to itself.
    this.take();
    for (let round = 0; round < ROUNDS && operations.size > 0; round++) {
      this.cancel(operations.values());
      this.#native.submit();
      this.take();
    }
    const end = performance.now() + patience;
    while (operations.size > 0 && performance.now() < end) {
      this.cancel(operations.values());
      this.#native.wait(WAIT);
      this.take();
    }
  }

  /** Cancels what is in flight and waits for it. */
  async close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise;
    this.#closing = withResolvers();
    for (const operation of this.#operations.values()) {
      operation.why ??= createError('ERR_RING_CLOSED', { operation: operation.name });
    }
    this.#finish(this.#operations, 0);
    if (this.#operations.size === 0) this.#closing.resolve();
    await this.#closing.promise;
    for (const attachment of [...this.#attachments.values()]) this.#detach(attachment);
    this.#native.close();
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

import { type NativeRing, native } from '../native.js';
import { createError, type LwsPoolError } from '../pool/errors.js';
import type { LeaseHandle } from '../pool/lease/handle.js';
import type { LeaseState, LeaseUser } from '../pool/lease/state.js';
import type { ResolvedRingOptions } from '../pool/options.js';
import type { Attachment } from './attachment.js';
import { unavailable } from './features.js';
import { type Chain, CLOSING, LEFT, MORE, type Operation } from './operation.js';

/** Answers that are taken at once, of three numbers each. */
const BATCH = 256;
/** How often the kernel is asked to end what was cancelled, before that is left to the loop. */
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
  /** Of those, from where to where they are not told yet: whoever calls {@link take} goes on there. */
  #at = 0;
  #end = 0;
  readonly #operations = new Map<number, Operation>();
  readonly #attachments = new Map<LeaseState, Attachment>();
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
  begin(operation: Operation, make: Make, chain: Chain | undefined): void {
    const { handle, syscall } = operation;
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
    const chain: Chain = {
      number: native.Ring.nextChain(),
      operations: [],
      failed: false,
      cancelled: false,
    };
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

  /**
   * Any number of times; an operation that has done its work meanwhile has. The kernel cannot end one
   * whose turn in a chain has not come, so that a chain is cancelled as a whole.
   */
  cancel(operations: Iterable<Operation>): void {
    for (const operation of operations) {
      if (!this.#operations.has(operation.id)) continue;
      this.#native.cancel(operation.id);
      const { chain } = operation;
      if (chain === undefined || chain.cancelled) continue;
      chain.cancelled = true;
      const others = chain.operations.filter(({ id }) => this.#operations.has(id));
      for (const other of others) other.why ??= torn(other);
      this.cancel(others);
    }
  }

  chunk(buffer: number, size: number): Buffer {
    return this.#native.chunk(buffer, size);
  }

  /**
   * Takes all answers that have come. What one of them leads to may end a lease, and so call this
   * again: that takes the answers behind it as well.
   */
  take(): void {
    while (this.#at < this.#end || this.#refill()) {
      const at = this.#at;
      this.#at += 3;
      const operation = this.#operations.get(this.#answers[at] as number);
      if (operation === undefined) continue;
      const result = this.#answers[at + 1] as number;
      const flags = this.#answers[at + 2] as number;
      if ((flags & CLOSING) !== 0) operation.attachment?.state.leasing.closing();
      if ((flags & MORE) === 0) this.#operations.delete(operation.id);
      if ((flags & LEFT) !== 0) this.#left(operation);
      operation.answer(result, flags);
    }
    if (this.#operations.size === 0) this.#closing?.resolve();
  }

  #refill(): boolean {
    this.#at = 0;
    this.#end = this.#native.take(this.#answers) * 3;
    return this.#end > 0;
  }

  /** It is done with its socket, although the peer may have to acknowledge what it sent. */
  #left(operation: Operation): void {
    const { attachment } = operation;
    if (attachment === undefined) return;
    const { state, operations } = attachment;
    operations.delete(operation);
    if (state.ending !== undefined) this.#detach(attachment);
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
    this.cancel(operations.values());
    for (let round = 0; round < ROUNDS && operations.size > 0; round++) {
      this.#native.submit();
      this.take();
    }
    const end = performance.now() + patience;
    while (operations.size > 0 && performance.now() < end) {
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

/** Why an operation ends of which nobody asked that. */
function torn({ name, handle }: Operation): LwsPoolError {
  const connection = handle?.state.leasing.connection.id;
  const reason = 'another operation of its chain was cancelled';
  return createError('ERR_ABORTED', { operation: name, connection, reason });
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

import { createError, type LwsPoolError } from '../errors/errors.js';
import type { LeaseHandle } from '../lease/handle.js';
import { refuseInBio } from '../lease/in-bio.js';
import { systemError } from '../lease/outcome.js';
import type { LeaseState, LeaseUser } from '../lease/state.js';
import { type NativeRing, native } from '../native.js';
import type { ResolvedRingOptions } from '../options/options.js';
import { unavailable } from './features.js';
import {
  Asked,
  type Attachment,
  type Chain,
  CLOSING,
  LEFT,
  MORE,
  type Operation,
} from './operation.js';

/** Answers that are taken at once. */
const BATCH = 256;
/** What native code is asked, and answers, of each operation. */
const NUMBERS = 4;
/** How often the kernel is asked to end what was cancelled, before that is left to the loop. */
const ROUNDS = 8;
/** Milliseconds. */
const WAIT = 10;

/** The operations of a ring, and the leases they belong to. */
export class Engine implements LeaseUser {
  readonly #options: ResolvedRingOptions;
  readonly #native: NativeRing;
  readonly #asked: Int32Array;
  readonly #answers = new Int32Array(BATCH * NUMBERS);
  /** Of those, from where to where they are not told yet: whoever calls {@link take} goes on there. */
  #at = 0;
  #end = 0;
  /** By their places. */
  readonly #operations: (Operation | undefined)[] = [];
  #inFlight = 0;
  readonly #attachments = new Map<LeaseState, Attachment>();
  /** Native code holds it while something is in flight, and nobody else does. */
  readonly #onAnswers = () => this.take();
  /** The one that was asked for last: who uses a lease mostly does so several times. */
  #last: Attachment | undefined;
  #closing: PromiseWithResolvers | undefined;
  #chain: Chain | undefined;

  /** @throws LwsPoolError ERR_URING_UNAVAILABLE */
  constructor(options: ResolvedRingOptions) {
    this.#options = options;
    const { entries, completions, registered, bufferCount, bufferSize } = options;
    const sizes = [entries, completions, registered, bufferCount, bufferSize] as const;
    this.#asked = new Int32Array(entries * NUMBERS);
    try {
      this.#native = new native.Ring(...sizes, this.#onAnswers, this.#asked, this.#answers);
    } catch (error) {
      const { errno } = error as { errno?: number };
      throw errno === undefined ? error : unavailable(errno);
    }
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get chain(): Chain | undefined {
    return this.#chain;
  }

  /** @throws LwsPoolError ERR_RING_CLOSED */
  require(operation: string): void {
    if (this.closed) throw createError('ERR_RING_CLOSED', { operation });
  }

  /** What is in flight on a lease. */
  operationsOn(state: LeaseState): readonly Operation[] {
    return this.#attachments.get(state)?.operations ?? [];
  }

  /** The ring's hold on the socket of a lease. */
  attach(handle: LeaseHandle): Attachment {
    const { state } = handle;
    if (this.#last?.state === state) return this.#last;
    const known = this.#attachments.get(state);
    if (known !== undefined) {
      this.#last = known;
      return known;
    }
    const target = handle.call('dup', (leases, ...name) => this.#native.attach(leases, ...name));
    const attachment: Attachment = { state, target, operations: [] };
    this.#attachments.set(state, attachment);
    state.users ??= new Set();
    state.users.add(this);
    return attachment;
  }

  /** Starts an operation, if it is not part of a chain. */
  begin(operation: Operation, chain: Chain | undefined): void {
    if (chain === undefined) {
      this.#start([operation]);
    } else {
      operation.chain = chain;
      chain.operations.push(operation);
    }
  }

  /** What `build` asks for becomes one chain. */
  link<Result>(build: () => Result): Result {
    const chain: Chain = { operations: [], failed: false, cancelled: false };
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
        operation.fail(createError('ERR_ABORTED', { operation: operation.name, reason }));
      }
      throw error;
    } finally {
      this.#chain = undefined;
    }
  }

  #start(operations: readonly Operation[]): void {
    const { entries } = this.#options;
    const asked = this.#asked;
    const memory: Uint8Array[] = [];
    const requests = (operations[0] as Operation).request === undefined ? 0 : 1;
    const count = operations.length + requests;
    if (count > entries) {
      throw createError('ERR_RING_FULL', { limit: entries, reason: `a chain of ${count}` });
    }
    let at = 0;
    for (const { task, attachment, argument, memory: parts, request } of operations) {
      if (attachment !== undefined) refuseInBio();
      const target = attachment?.target ?? -1;
      if (request !== undefined) at = this.#ask(at, Asked.sendQuietly, target, 0, request, memory);
      at = this.#ask(at, task.kind, target, argument, parts, memory);
    }
    const outcome = this.#native.start(count, memory);
    if (outcome > 0) throw createError('ERR_RING_FULL', { limit: entries, reason: undefined });
    if (outcome < 0) {
      const refused = asked[0] as number;
      const { handle, task } = operations[Math.max(0, refused - requests)] as Operation;
      const syscall = refused < requests ? 'send' : task.syscall;
      if (handle === undefined) throw systemError(outcome, syscall, undefined);
      handle.call(syscall, () => outcome);
    }
    at = requests * 2;
    for (const operation of operations) {
      operation.place = asked[at++] as number;
      operation.generation = asked[at++] as number;
      this.#operations[operation.place] = operation;
      operation.index = (operation.attachment?.operations.push(operation) ?? 0) - 1;
    }
    this.#inFlight += operations.length;
  }

  /** Writes down what native code is to do, and answers where the next goes. */
  #ask(
    at: number,
    kind: number,
    target: number,
    argument: number,
    parts: readonly Uint8Array[],
    memory: Uint8Array[],
  ): number {
    this.#asked[at] = kind;
    this.#asked[at + 1] = target;
    this.#asked[at + 2] = argument;
    this.#asked[at + 3] = parts.length;
    for (const part of parts) memory.push(part);
    return at + NUMBERS;
  }

  #isInFlight(operation: Operation): boolean {
    return this.#operations[operation.place] === operation;
  }

  /**
   * Any number of times; an operation that has done its work meanwhile has. The kernel cannot end one
   * whose turn in a chain has not come, so that a chain is cancelled as a whole.
   */
  cancel(operations: Iterable<Operation>): void {
    for (const operation of operations) {
      if (!this.#isInFlight(operation)) continue;
      this.#native.cancel(operation.place, operation.generation);
      const { chain } = operation;
      if (chain === undefined || chain.cancelled) continue;
      chain.cancelled = true;
      const others = chain.operations.filter((other) => this.#isInFlight(other));
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
    const answers = this.#answers;
    while (this.#at < this.#end || this.#refill()) {
      const place = answers[this.#at] as number;
      const generation = answers[this.#at + 1] as number;
      const result = answers[this.#at + 2] as number;
      const flags = answers[this.#at + 3] as number;
      this.#at += NUMBERS;
      const operation = this.#operations[place];
      if (operation === undefined || operation.generation !== generation) continue;
      if ((flags & CLOSING) !== 0) operation.attachment?.state.leased.closing();
      if ((flags & MORE) === 0) {
        this.#operations[place] = undefined;
        this.#inFlight--;
      }
      if ((flags & LEFT) !== 0) this.#left(operation);
      operation.answer(result, flags);
    }
    if (this.#inFlight === 0) this.#closing?.resolve();
  }

  #refill(): boolean {
    this.#at = 0;
    this.#end = this.#native.take() * NUMBERS;
    return this.#end > 0;
  }

  /** It is done with its socket, although the peer may have to acknowledge what it sent. */
  #left(operation: Operation): void {
    const { attachment } = operation;
    if (attachment === undefined) return;
    const { state, operations } = attachment;
    const last = operations.pop() as Operation;
    if (last !== operation) {
      operations[operation.index] = last;
      last.index = operation.index;
    }
    if (state.ending !== undefined) this.#detach(attachment);
  }

  #detach(attachment: Attachment): void {
    const { state, operations, target } = attachment;
    if (operations.length > 0 || !this.#attachments.delete(state)) return;
    if (this.#last === attachment) this.#last = undefined;
    state.users?.delete(this);
    this.#native.detach(target);
  }

  /** A lease ends: all that is in flight on it is cancelled. The descriptor does not go back before. */
  leave(state: LeaseState, patience: number): void {
    const attachment = this.#attachments.get(state);
    if (attachment === undefined) return;
    const { operations } = attachment;
    const why = (name: string) => {
      if (state.ending !== undefined) return state.error();
      const connection = state.leased.connection.id;
      const reason = 'its connection is being detached';
      return createError('ERR_ABORTED', { operation: name, connection, reason });
    };
    if (state.ending === undefined) {
      for (const operation of operations) operation.why ??= why(operation.name);
    }
    // What is only being asked for in link() must not begin: the socket is about to be another's.
    for (const operation of this.#chain?.operations ?? []) {
      if (operation.attachment !== attachment) continue;
      operation.fail(why(operation.name));
      (this.#chain as Chain).broken ??= why('link()');
    }
    this.#finish(() => operations, patience);
    if (state.ending !== undefined) this.#detach(attachment);
  }

  /** What `left` tells of ends, and is waited for; milliseconds at most. */
  #finish(left: () => readonly Operation[], patience: number): void {
    // What the kernel has seen by now is told: a cancelled operation would keep it to itself.
    this.take();
    this.cancel(left());
    for (let round = 0; round < ROUNDS && left().length > 0; round++) {
      this.#native.submit();
      this.take();
    }
    const end = performance.now() + patience;
    while (left().length > 0 && performance.now() < end) {
      this.#native.wait(WAIT);
      this.take();
    }
  }

  /** Cancels what is in flight and waits for it. */
  async close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise;
    this.#closing = withResolvers();
    const left = () => this.#operations.filter((operation) => operation !== undefined);
    for (const operation of left()) {
      operation.why ??= createError('ERR_RING_CLOSED', { operation: operation.name });
    }
    this.#finish(left, 0);
    if (this.#inFlight === 0) this.#closing.resolve();
    await this.#closing.promise;
    for (const attachment of [...this.#attachments.values()]) this.#detach(attachment);
    this.#native.close();
  }
}

/** Why an operation ends of which nobody asked that. */
function torn({ name, handle }: Operation): LwsPoolError {
  const connection = handle?.state.leased.connection.id;
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

import type { LwsPoolError } from '../errors/errors.js';
import { createError } from '../errors/errors.js';
import type { LeaseHandle } from '../lease/handle.js';
import { errnoError } from '../lease/outcome.js';
import type { LeaseState } from '../lease/state.js';

/** Flags of an answer, as native/core/ring/operation.h has them. */
export const MORE = 1;
export const BUFFER = 2;
export const NOTIFICATION = 4;
export const CLOSING = 8;
export const LEFT = 16;
export const UNSENT = 32;

/** What native code is asked for, see native/bindings/ring_binding.cc. */
export const Asked = {
  poll: 0,
  pollMany: 1,
  receive: 2,
  receiveAll: 3,
  receiveMany: 4,
  send: 5,
  sendZeroCopy: 6,
  timeout: 7,
  linkTimeout: 8,
  sendQuietly: 9,
} as const;

export const ECANCELED = -125;
export const ENOBUFS = -105;
export const ETIME = -62;

/** Of an operation that uses no memory. */
export const NOTHING: readonly Uint8Array[] = [];

/** A ring's hold on the socket of a lease, from its first operation to the lease's end. */
export interface Attachment {
  readonly state: LeaseState;
  /** The ring's number for the socket. */
  readonly target: number;
  /** In flight, and not done with the socket; each knows where it stands. */
  readonly operations: Operation[];
}

/** Operations that run one after the other, and end together where one fails. */
export interface Chain {
  readonly operations: Operation[];
  /** One has failed, so the others were cancelled. */
  failed: boolean;
  /** One was to end, so all are. */
  cancelled: boolean;
  /** Why it cannot begin, although it is not built yet. */
  broken?: LwsPoolError;
}

/** What an operation is asked to do, and on what. */
export interface Task {
  /** As the call is written: `recv()`. */
  readonly name: string;
  /** One of {@link Asked}. */
  readonly kind: number;
  /** For the errors of the lease it works on. */
  readonly syscall: string;
}

/** What a ring knows of an operation that is in flight. */
export abstract class Operation {
  readonly task: Task;
  /** Undefined: of a timeout. */
  readonly attachment: Attachment | undefined;
  /** Whoever waits for the operation has the lease in use. */
  readonly handle: LeaseHandle | undefined;
  /** Events of poll(2), or milliseconds. */
  readonly argument: number;
  /** Memory that the kernel uses until the last answer. */
  memory: readonly Uint8Array[];
  /** What is sent before it begins: one chain of two, with one answer. */
  readonly request: readonly Uint8Array[] | undefined;
  chain: Chain | undefined;
  /** Milliseconds of the linkTimeout() behind it. */
  limit: number | undefined;
  /** Why it was cancelled. */
  why: LwsPoolError | undefined;
  /** Its name in native code, once it has started. */
  place = -1;
  generation = 0;
  /** Where it stands among those of its attachment. */
  index = -1;

  constructor(
    task: Task,
    attachment: Attachment | undefined,
    handle: LeaseHandle | undefined,
    argument: number,
    memory: readonly Uint8Array[],
    request?: readonly Uint8Array[],
  ) {
    this.task = task;
    this.attachment = attachment;
    this.handle = handle;
    this.argument = argument;
    this.memory = memory;
    this.request = request;
  }

  get name(): string {
    return this.task.name;
  }

  /** An answer; the last one where `flags` lack MORE. */
  abstract answer(result: number, flags: number): void;
  /** It was never started. */
  abstract fail(error: LwsPoolError): void;

  /** Why it did not do what it should. */
  protected error(result: number, syscall = this.task.syscall): LwsPoolError {
    const connection = this.handle?.state.leased.connection.id;
    if (result !== ECANCELED) return errnoError(-result, syscall, connection);
    if (this.handle !== undefined && !this.handle.held) return this.handle.state.error();
    if (this.why !== undefined) return this.why;
    const { name, limit } = this;
    if (limit !== undefined && this.chain?.failed !== true) {
      return createError('ERR_RING_TIMEOUT', { operation: name, connection, timeout: limit });
    }
    const reason = 'what it was to follow in its chain failed';
    return createError('ERR_ABORTED', { operation: name, connection, reason });
  }
}

/** An operation that a promise stands for. */
export class Single<Result> extends Operation {
  readonly promise: Promise<Result>;
  readonly #meaning: (result: number) => Result | undefined;
  #resolve!: (result: Result) => void;
  #reject!: (error: LwsPoolError) => void;
  #result = 0;

  /** @param meaning of the kernel's answer; undefined: an error */
  constructor(
    task: Task,
    attachment: Attachment | undefined,
    handle: LeaseHandle | undefined,
    argument: number,
    memory: readonly Uint8Array[],
    meaning: (result: number) => Result | undefined,
    request?: readonly Uint8Array[],
  ) {
    super(task, attachment, handle, argument, memory, request);
    this.#meaning = meaning;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  answer(result: number, flags: number): void {
    if ((flags & NOTIFICATION) === 0) this.#result = result;
    if ((flags & MORE) !== 0) return;
    const value = this.#meaning(this.#result);
    if (value !== undefined) {
      this.#resolve(value);
    } else {
      const syscall = (flags & UNSENT) !== 0 ? 'send' : this.task.syscall;
      this.#reject(this.error(this.#result, syscall));
      if (this.chain !== undefined) this.chain.failed = true;
    }
  }

  fail(error: LwsPoolError): void {
    // Whoever has the promise learns of it; nobody may have it.
    this.promise.catch(() => undefined);
    this.#reject(error);
  }
}

/**
 * One that ends only when all of several pieces of memory were moved. The kernel waits for the rest by
 * itself, but not for ever: after a hundred-odd wake-ups it answers with what it has (recvmsg(2) and
 * sendmsg(2) do not wait on a descriptor with O_NONBLOCK). Then it begins again, unless it was to end.
 */
export class Whole extends Single<number> {
  readonly #again: (operation: Operation) => void;
  #moved = 0;

  constructor(
    again: (operation: Operation) => void,
    ...operation: ConstructorParameters<typeof Single<number>>
  ) {
    super(...operation);
    this.#again = again;
  }

  override answer(result: number, flags: number): void {
    if (result > 0 && this.#goesOn(result)) return;
    const moved = this.#moved + Math.max(result, 0);
    super.answer(moved > 0 ? moved : result, flags);
  }

  #goesOn(result: number): boolean {
    if (this.chain !== undefined || this.why !== undefined) return false;
    const rest = behind(this.memory, result);
    if (rest.length === 0 || this.attachment?.state.ending !== undefined) return false;
    this.memory = rest;
    try {
      this.#again(this);
    } catch {
      return false; // the lease or the ring has ended: what was moved was moved
    }
    this.#moved += result;
    return true;
  }
}

/** What is left of them after so many bytes. */
function behind(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let left = bytes;
  for (const part of parts) {
    if (left < part.length) rest.push(part.subarray(left));
    left = Math.max(0, left - part.length);
  }
  return rest;
}

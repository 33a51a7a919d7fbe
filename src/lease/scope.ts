import { type AsyncHook, createHook, executionAsyncResource } from 'node:async_hooks';

/** A lease, as the code that holds it knows it. */
export interface Held {
  /** Whether asking for that would wait for this one. */
  blocks(connection: object, exclusive: boolean): boolean;
  readonly over: boolean;
}

const SCOPE = Symbol('lws-pool.leases');

type Resource = { [SCOPE]?: LeaseScope | undefined };

/** By the asynchronous ids of the promises that granted them. */
const granted = new Map<number, LeaseScope>();
/** That of the promise being made, so that the hook tells its id. */
let making: LeaseScope | undefined;
let hook: AsyncHook | undefined;
let hooked = false;
/** Those that need the hook: workers' leases whose pool looks for deadlocks, and scopes. */
let users = 0;

/** Promises are followed from the first scope on, until all that call this have called the other. */
export function detectDeadlocks(): void {
  users++;
}

/** Said once by each that has called {@link detectDeadlocks}. */
export function ignoreDeadlocks(): void {
  if (--users > 0 || !hooked) return;
  hooked = false;
  hook?.disable();
}

/** Whether the running code would wait for a lease that it holds itself. */
export function waitsForItself(connection: object, exclusive: boolean): boolean {
  if (!hooked) return false;
  for (let scope = current(); scope !== undefined; scope = scope.outer) {
    if (scope.blocks(connection, exclusive)) return true;
  }
  return false;
}

/**
 * The leases that the code behind a promise holds. Asking there for another one on the same connection
 * would wait for itself.
 *
 * AsyncLocalStorage would tell more than is true: what is entered in a function that takes a lease
 * holds for its caller as well, even if the caller goes on without having waited. So the leases are
 * noted on the promise that granted them, and whatever is chained to that promise inherits them, as
 * all that comes of it does.
 */
export class LeaseScope {
  readonly outer: LeaseScope | undefined;
  /** The asynchronous id of its promise; 0: not known. */
  id = 0;
  readonly #held: Held[] = [];
  #complete = false;
  #ended = false;

  constructor() {
    detectDeadlocks();
    hook ??= createHook({ init });
    if (!hooked) hook.enable();
    hooked = true;
    this.outer = current();
  }

  /** Makes the promise: everything that is chained to it holds what it grants. */
  promise<Result>(make: () => Promise<Result>): Promise<Result> {
    making = this;
    const promise = make();
    making = undefined;
    if (this.id !== 0 && !this.#ended) granted.set(this.id, this);
    return promise;
  }

  add(lease: Held): void {
    this.#held.push(lease);
  }

  /** No more leases are added to it. */
  complete(): void {
    this.#complete = true;
    this.leaseEnded();
  }

  leaseEnded(): void {
    if (!this.#complete || this.#ended || !this.over) return;
    this.#ended = true;
    granted.delete(this.id);
    ignoreDeadlocks();
  }

  blocks(connection: object, exclusive: boolean): boolean {
    return this.#held.some((lease) => lease.blocks(connection, exclusive));
  }

  /** Whether nothing of it is held, or not yet. */
  get over(): boolean {
    return this.#held.every((lease) => lease.over);
  }
}

function init(id: number, type: string, trigger: number, resource: Resource): void {
  const scope =
    (granted.size > 0 && type === 'PROMISE' ? granted.get(trigger) : undefined) ??
    (executionAsyncResource() as Resource)[SCOPE];
  if (scope !== undefined) resource[SCOPE] = scope;
  if (making !== undefined) making.id = id;
  making = undefined;
}

/** The innermost scope that still means something, so that a loop does not make a chain of them. */
function current(): LeaseScope | undefined {
  let scope = (executionAsyncResource() as Resource)[SCOPE];
  while (scope?.over) scope = scope.outer;
  return scope;
}

import { createHook, executionAsyncResource } from 'node:async_hooks';

/**
 * Which leases the running code has waited for and still holds. Asking for another one on the same
 * connection would wait for itself.
 *
 * AsyncLocalStorage would tell more than is true: what is entered in a function that takes a lease
 * holds for its caller as well, once he goes on without having waited. So the leases are noted on
 * the promise that granted them, and whatever is chained to that promise inherits them, as all that
 * comes of it does.
 */
export interface Held {
  /** Whether asking for that would wait for what this one holds. */
  blocks(connection: object, exclusive: boolean): boolean;
  readonly over: boolean;
}

interface Scope {
  held: Held | undefined;
  readonly outer: Scope | undefined;
}

const SCOPE = Symbol('lws-pool.leases');

type Resource = { [SCOPE]?: Scope | undefined };

/** By the asynchronous ids of the promises that granted them. */
const granted = new Map<number, Scope>();
/** That of the promise being made, so that the hook tells its id. */
let making: { scope: Scope; id: number } | undefined;

const hook = createHook({
  init(id, type, trigger, resource: Resource) {
    const scope =
      (granted.size > 0 && type === 'PROMISE' ? granted.get(trigger) : undefined) ??
      (executionAsyncResource() as Resource)[SCOPE];
    if (scope !== undefined) resource[SCOPE] = scope;
    if (making !== undefined) making.id = id;
    making = undefined;
  },
});
let hooked = false;

/** Whether whoever runs now would wait for himself. */
export function waitsForItself(connection: object, exclusive: boolean): boolean {
  if (!hooked) return false;
  for (let scope = current(); scope !== undefined; scope = scope.outer) {
    if (scope.held?.blocks(connection, exclusive)) return true;
  }
  return false;
}

/** What a promise grants, so that it can be noted once it is known. */
export class Grantor {
  readonly #making: { scope: Scope; id: number };

  constructor() {
    if (!hooked) {
      hooked = true;
      hook.enable();
    }
    this.#making = { scope: { held: undefined, outer: current() }, id: 0 };
  }

  /** Makes the promise: everything that is chained to it holds what it grants. */
  promise<Result>(make: () => Promise<Result>): Promise<Result> {
    making = this.#making;
    const promise = make();
    making = undefined;
    if (this.#making.id !== 0) granted.set(this.#making.id, this.#making.scope);
    return promise;
  }

  grants(held: Held): void {
    this.#making.scope.held = held;
  }

  /**
   * `end()`, for the lease to call. Made here, where there is nothing that could hold the lease: who
   * forgets one is found by the garbage collector, and whatever it calls is kept as long as it is.
   */
  ender(): () => void {
    return () => this.end();
  }

  /** What it granted is over, or it grants nothing. */
  end(): void {
    this.#making.scope.held = undefined;
    granted.delete(this.#making.id);
  }
}

/** The innermost scope that still means something, so that a loop does not make a chain of them. */
function current(): Scope | undefined {
  let scope = (executionAsyncResource() as Resource)[SCOPE];
  while (scope !== undefined && (scope.held === undefined || scope.held.over)) scope = scope.outer;
  return scope;
}

import { beforeEach, describe, expect, it, vi } from 'vitest';

const hooks = vi.hoisted(() => ({ made: 0, enabled: 0 }));

vi.mock('node:async_hooks', async (original) => {
  const real = await original<typeof import('node:async_hooks')>();
  return {
    ...real,
    createHook(callbacks: import('node:async_hooks').HookCallbacks) {
      const hook = real.createHook(callbacks);
      hooks.made++;
      const enable = () => {
        hooks.enabled++;
        hook.enable();
      };
      const disable = () => {
        hooks.enabled--;
        hook.disable();
      };
      return { enable, disable };
    },
  };
});

/** A lease that blocks every other one on its connection. */
class Taken {
  over = false;
  readonly #connection: object;

  constructor(connection: object) {
    this.#connection = connection;
  }

  blocks(connection: object): boolean {
    return connection === this.#connection && !this.over;
  }
}

let scopes: typeof import('../../src/lease/scope.js');
const connection = {};

beforeEach(async () => {
  vi.resetModules();
  hooks.made = 0;
  scopes = await import('../../src/lease/scope.js');
});

/** As a lease is granted, and its end. */
function grant(): { promise: Promise<void>; end: () => void } {
  const scope = new scopes.LeaseScope();
  const taken = new Taken(connection);
  scope.add(taken);
  scope.complete();
  const promise = scope.promise(() => Promise.resolve());
  const end = () => {
    taken.over = true;
    scope.leaseEnded();
  };
  return { promise, end };
}

describe('the hook that follows promises', () => {
  it('is not made before there is a scope', async () => {
    scopes.detectDeadlocks();
    expect(scopes.waitsForItself(connection, true)).toBe(false);
    await Promise.resolve();
    scopes.ignoreDeadlocks();
    expect(hooks).toEqual({ made: 0, enabled: 0 });
  });

  it('runs until the last pool that needs it is gone, and its last scope', async () => {
    scopes.detectDeadlocks();
    scopes.detectDeadlocks();
    const { promise, end } = grant();
    expect(hooks).toEqual({ made: 1, enabled: 1 });
    await promise;
    expect(scopes.waitsForItself(connection, true)).toBe(true);
    expect(scopes.waitsForItself({}, true)).toBe(false);
    scopes.ignoreDeadlocks();
    end();
    expect(scopes.waitsForItself(connection, true)).toBe(false);
    const last = grant();
    scopes.ignoreDeadlocks();
    expect(hooks.enabled).toBe(1);
    last.end();
    last.end();
    expect(hooks).toEqual({ made: 1, enabled: 0 });
    const anew = grant();
    expect(hooks).toEqual({ made: 1, enabled: 1 });
    anew.end();
    expect(hooks.enabled).toBe(0);
  });

  it('is no more needed by a request that came to nothing', () => {
    const scope = new scopes.LeaseScope();
    expect(hooks.enabled).toBe(1);
    scope.complete();
    expect(hooks.enabled).toBe(0);
  });
});

import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseConnectionUrl } from '../../src/connection/url.js';
import { createError } from '../../src/errors/errors.js';
import type { LookupFunction } from '../../src/options/options.js';
import { literalAddress, type ResolveOptions, resolveAddresses } from '../../src/pool/resolve.js';
import { Waits } from '../../src/pool/waits.js';
import { rejectionOf } from './support/thrown.js';

const target = parseConnectionUrl('wss://name.example/');
const resolve = (options: ResolveOptions) => resolveAddresses(target, options);

/** A lookup that answers this way, and later. */
function answering(...answer: Parameters<Parameters<LookupFunction>[2]>) {
  return vi.fn<LookupFunction>((_host, _options, callback) => {
    setImmediate(callback, ...answer);
  });
}

/** A lookup of somebody who has no types. */
const untyped = (lookup: (...args: never[]) => unknown) => lookup as unknown as LookupFunction;

const failure = (code: string) => Object.assign(new Error(`getaddrinfo ${code}`), { code });
const v4 = (address: string) => ({ address, family: 4 as const });
const v6 = (address: string) => ({ address, family: 6 as const });
const never: LookupFunction = () => undefined;

afterEach(() => {
  vi.useRealTimers();
});

describe('without a look-up', () => {
  it('takes an address for itself', async () => {
    expect(literalAddress(parseConnectionUrl('ws://127.0.0.1/'))).toEqual([v4('127.0.0.1')]);
    expect(literalAddress(parseConnectionUrl('ws://[::1]/'))).toEqual([v6('::1')]);
    expect(literalAddress(target)).toBe(undefined);
    const lookup = answering(null, []);
    expect(await resolveAddresses(parseConnectionUrl('tcp://[::1]:1'), { lookup })).toEqual([
      v6('::1'),
    ]);
    expect(lookup).not.toHaveBeenCalled();
  });

  it('has no address for a Unix socket', async () => {
    expect(await resolveAddresses(parseConnectionUrl('unix:/run/x'))).toEqual([]);
  });

  it('begins nothing for a signal that is aborted', async () => {
    const lookup = answering(null, []);
    const reason = new Error('no longer wanted');
    const error = await rejectionOf(resolve({ lookup, signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    expect(error.message).toContain('name.example:443 was aborted by its signal: no longer wanted');
    expect(lookup).not.toHaveBeenCalled();
  });
});

describe('with a look-up', () => {
  it('looks names up with dns.lookup', async () => {
    const addresses = await resolveAddresses(parseConnectionUrl('ws://localhost/'));
    expect(addresses.map(({ address }) => address)).toContain('127.0.0.1');
  });

  it('asks for all addresses in the order of the system', async () => {
    const lookup = answering(null, [v4('192.0.2.1')]);
    await resolve({ lookup });
    expect(lookup).toHaveBeenCalledWith(
      'name.example',
      expect.objectContaining({ all: true, order: 'verbatim', family: 0 }),
      expect.any(Function),
    );
  });

  it.each([
    ['6644', [v6('::1'), v6('::2'), v4('192.0.2.1'), v4('192.0.2.2')], '6464'],
    ['4466', [v4('192.0.2.1'), v4('192.0.2.2'), v6('::1'), v6('::2')], '4646'],
    ['6444', [v6('::1'), v4('192.0.2.1'), v4('192.0.2.2'), v4('192.0.2.3')], '6444'],
    ['4666', [v4('192.0.2.1'), v6('::1'), v6('::2'), v6('::3')], '4666'],
    ['44', [v4('192.0.2.1'), v4('192.0.2.2')], '44'],
  ])('lets families alternate: %s', async (_, given, families) => {
    const addresses = await resolve({ lookup: answering(null, given) });
    expect(addresses.map(({ family }) => family).join('')).toBe(families);
    for (const family of [4, 6]) {
      const ofFamily = (list: typeof given) => list.filter((entry) => entry.family === family);
      expect(ofFamily([...addresses])).toEqual(ofFamily(given));
    }
  });

  it('takes each address once', async () => {
    const lookup = answering(null, [v4('192.0.2.1'), v6('::1'), v4('192.0.2.1')]);
    expect(await resolve({ lookup })).toEqual([v4('192.0.2.1'), v6('::1')]);
  });

  it('takes a function that knows nothing of `all`, or answers at once, or is async', async () => {
    expect(await resolve({ lookup: answering(null, '192.0.2.1', 4) })).toEqual([v4('192.0.2.1')]);
    const atOnce: LookupFunction = (_host, _options, callback) => callback(null, [v6('::1')]);
    expect(await resolve({ lookup: atOnce })).toEqual([v6('::1')]);
    const async = untyped(async () => [v6('::2')]);
    expect(await resolve({ lookup: async })).toEqual([v6('::2')]);
    const both = untyped(
      async (_host: string, _options: object, callback: (...args: unknown[]) => void) => {
        setImmediate(callback, null, [v6('::3')]);
      },
    );
    expect(await resolve({ lookup: both })).toEqual([v6('::3')]);
  });

  it('takes the first answer of several', async () => {
    const lookup: LookupFunction = (_host, _options, callback) => {
      callback(null, [v6('::1')]);
      callback(failure('ENOTFOUND'), []);
      throw new Error('too late');
    };
    expect(await resolve({ lookup })).toEqual([v6('::1')]);
  });
});

describe('together', () => {
  it('looks a name up once for all who ask meanwhile', async () => {
    const lookup = answering(null, [v4('192.0.2.1')]);
    const other = parseConnectionUrl('ws://other.example/');
    const all = await Promise.all([
      ...Array.from({ length: 100 }, () => resolve({ lookup })),
      resolveAddresses(parseConnectionUrl('tcp://name.example:7'), { lookup }),
      resolveAddresses(other, { lookup }),
    ]);
    expect(all).toHaveLength(102);
    expect(lookup.mock.calls.map(([host]) => host)).toEqual(['name.example', 'other.example']);
    await resolve({ lookup });
    expect(lookup).toHaveBeenCalledTimes(3);
  });

  it('keeps functions apart', async () => {
    const one = answering(null, [v4('192.0.2.1')]);
    const two = answering(null, [v4('192.0.2.2')]);
    expect(await Promise.all([resolve({ lookup: one }), resolve({ lookup: two })])).toEqual([
      [v4('192.0.2.1')],
      [v4('192.0.2.2')],
    ]);
  });

  it('gives each its own error', async () => {
    const lookup = answering(failure('ENOTFOUND'), []);
    const raw = parseConnectionUrl('tcp://name.example:7');
    const [one, two] = await Promise.all([
      rejectionOf(resolve({ lookup })),
      rejectionOf(resolveAddresses(raw, { lookup })),
    ]);
    expect(one.details.port).toBe(443);
    expect(two.details.port).toBe(7);
    expect(lookup).toHaveBeenCalledTimes(1);
  });

  it('lets one leave without disturbing the others', async () => {
    const controller = new AbortController();
    const lookup = answering(null, [v4('192.0.2.1')]);
    const leaving = rejectionOf(resolve({ lookup, signal: controller.signal }));
    const staying = resolve({ lookup });
    controller.abort();
    expect((await leaving).code).toBe('ERR_ABORTED');
    expect(await staying).toEqual([v4('192.0.2.1')]);
    expect(lookup).toHaveBeenCalledTimes(1);
  });

  it('begins anew when all have left a look-up that does not answer', async () => {
    const callbacks: Parameters<LookupFunction>[2][] = [];
    const lookup: LookupFunction = (_host, _options, callback) => callbacks.push(callback);
    const signal = AbortSignal.timeout(1);
    await rejectionOf(resolve({ lookup, signal }));
    const second = resolve({ lookup });
    const third = resolve({ lookup });
    expect(callbacks).toHaveLength(2);
    callbacks[0]?.(null, [v4('192.0.2.1')]);
    await new Promise(setImmediate);
    const fourth = resolve({ lookup });
    expect(callbacks).toHaveLength(2);
    callbacks[1]?.(null, [v4('192.0.2.2')]);
    expect(await Promise.all([second, third, fourth])).toEqual(Array(3).fill([v4('192.0.2.2')]));
  });
});

describe('failures', () => {
  it.each([
    ['ENOTFOUND', 'ERR_NAME_NOT_FOUND'],
    ['ENODATA', 'ERR_NAME_NOT_FOUND'],
    ['EAI_AGAIN', 'ERR_NAME_LOOKUP'],
    ['ESERVFAIL', 'ERR_NAME_LOOKUP'],
  ])('makes of %s the code %s', async (errno, code) => {
    const cause = failure(errno);
    const error = await rejectionOf(resolve({ lookup: answering(cause, []) }));
    expect(error).toMatchObject({ code, cause, details: { host: 'name.example', errno } });
  });

  it('reports a real name that does not exist', async () => {
    const error = await rejectionOf(resolveAddresses(parseConnectionUrl('ws://nowhere.invalid/')));
    expect(['ERR_NAME_NOT_FOUND', 'ERR_NAME_LOOKUP']).toContain(error.code);
    expect(error.details.syscall).toBe('getaddrinfo');
  });

  it('reports an empty answer', async () => {
    const error = await rejectionOf(resolve({ lookup: answering(null, []) }));
    expect(error.code).toBe('ERR_NAME_NOT_FOUND');
  });

  it('reports what a lookup throws, at once or later', async () => {
    const cause = new Error('out of order');
    const throwing: LookupFunction = () => {
      throw cause;
    };
    for (const lookup of [throwing, untyped(() => Promise.reject(cause))]) {
      const error = await rejectionOf(resolve({ lookup }));
      expect(error).toMatchObject({ code: 'ERR_NAME_LOOKUP', cause });
      expect(error.details.option).toBe('lookup');
      expect(error.message).toContain(
        'in the function of the option "lookup": out of order. Correct',
      );
    }
    const numbered = answering(Object.assign(new Error('odd'), { code: 5 }) as never, []);
    expect((await rejectionOf(resolve({ lookup: numbered }))).code).toBe('ERR_NAME_LOOKUP');
    const odd = untyped(() => Promise.reject('text'));
    const thrown = await rejectionOf(resolve({ lookup: odd }));
    expect(thrown).toMatchObject({
      cause: 'text',
      details: { option: 'lookup', reason: '"text"' },
    });
  });

  it('blames the name servers only where it was they that were asked', async () => {
    const asked = Object.assign(failure('ESERVFAIL'), { syscall: 'queryA' });
    for (const cause of [failure('EAI_AGAIN'), asked]) {
      const error = await rejectionOf(resolve({ lookup: answering(cause, []) }));
      expect(error.details).not.toHaveProperty('option');
      expect(error.message).toContain('Check that the name servers');
    }
    const own = await rejectionOf(resolve({ lookup: answering(failure('ECONNREFUSED'), []) }));
    expect(own.details).toMatchObject({ option: 'lookup', errno: 'ECONNREFUSED' });
    expect(own.message).not.toContain('name servers');
  });

  it.each<[unknown, got: string]>([
    [undefined, 'the answer undefined'],
    [null, 'the answer null'],
    ['not an address', 'the answer "not an address"'],
    [7, 'the answer 7'],
    [{}, 'the answer an object'],
    [['192.0.2.1', 'x'], 'an answer with "x"'],
    [{ address: 5 }, 'the answer 5'],
    [[{ address: 'localhost', family: 4 }], 'an answer with "localhost"'],
    [[null], 'an answer with null'],
    [[undefined], 'an answer with undefined'],
  ])('refuses the answer %j', async (answer, got) => {
    const lookup = answering(null, answer as string);
    const error = await rejectionOf(resolve({ lookup }));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', details: { option: 'lookup', got } });
    expect(error.message).toContain('answers with IP addresses');
  });

  it('waits no longer than the time-out', async () => {
    vi.useFakeTimers();
    const waiting = rejectionOf(resolve({ lookup: never, timeout: 10_000 }));
    await vi.advanceTimersByTimeAsync(10_000);
    const error = await waiting;
    expect(error.code).toBe('ERR_HANDSHAKE_TIMEOUT');
    expect(error.message).toContain('not open after 10000 ms, still in name lookup');
  });

  it('is aborted while it waits', async () => {
    const controller = new AbortController();
    const waiting = rejectionOf(resolve({ lookup: never, signal: controller.signal }));
    controller.abort('enough');
    expect(await waiting).toMatchObject({ code: 'ERR_ABORTED', cause: 'enough' });
  });

  it.each(['EMFILE', 'ENFILE'])('never takes %s for a name that does not exist', async (code) => {
    const lookup = answering(failure(code), []);
    expect(await rejectionOf(resolve({ lookup }))).toMatchObject({
      code: 'ERR_TOO_MANY_FILES',
      details: { errno: code, operation: 'look up "name.example"' },
    });
  });

  it('ends with the pool, and is forgotten', async () => {
    const waits = new Waits();
    const lookup = vi.fn<LookupFunction>(never);
    const waiting = rejectionOf(resolve({ lookup, onEnd: waits.onEnd }));
    const error = createError('ERR_POOL_CLOSED');
    waits.end(error);
    expect(await waiting).toBe(error);
    void resolve({ lookup }).catch(() => undefined);
    expect(lookup).toHaveBeenCalledTimes(2);
  });

  it('is aborted by the lookup itself', async () => {
    const controller = new AbortController();
    const lookup: LookupFunction = () => controller.abort();
    const error = await rejectionOf(resolve({ lookup, signal: controller.signal }));
    expect(error.code).toBe('ERR_ABORTED');
  });

  it('leaves nothing behind on signals and timers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { signal } = new AbortController();
    const lookup = answering(null, [v4('192.0.2.1')]);
    const options = { lookup, signal, timeout: 1000 };
    const all = Array.from({ length: 50 }, () => resolve(options));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.all(all);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

import {
  Connection,
  ConnectionGroup,
  createPool,
  Lease,
  LwsPoolError,
  MemoryBio,
  Pool,
} from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { event, rejection, usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

// What no thread can be given, and no message can hold: errors of ours, and nothing else is harmed.
const own = usePool();
const telling = new URL('../fixtures/handlers/telling.mjs', import.meta.url);

function thrownBy(run: () => unknown): LwsPoolError {
  try {
    run();
  } catch (error) {
    if (error instanceof LwsPoolError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Values that cannot be cloned, each in its own way. */
const UNCLONABLE: readonly [string, unknown][] = [
  ['a function', () => undefined],
  ['a symbol inside', { deep: [Symbol('none')] }],
  [
    'a getter that throws',
    {
      get own() {
        throw new RangeError('thrown by a getter');
      },
    },
  ],
];

describe('group.post()', () => {
  it.each(UNCLONABLE)('refuses %s', async (_name, value) => {
    const url = `ws://127.0.0.1:${await wsServer(echo)}/`;
    const group = await own.pool.connectMany(url, { count: 1, handler: telling });
    await group.ready;
    const { code, details, cause } = thrownBy(() => group.post(value));
    expect([code, details.argument]).toEqual(['ERR_INVALID_ARGUMENT', 'value']);
    expect(cause).toBeDefined();
    const told = new Promise((resolve) => {
      group.on('post', (post) => {
        if ((post as { callback: string }).callback === 'receive') resolve(post);
      });
    });
    group.post('good');
    expect(await told).toMatchObject({ facts: ['good'] });
    await group.close();
  });
});

describe('context.post()', () => {
  it('refuses what cannot be cloned: the handler has failed', async () => {
    const url = `ws://127.0.0.1:${await wsServer(echo)}/`;
    const handler = new URL('../fixtures/handlers/posting-functions.mjs', import.meta.url);
    const connection = await own.pool.connect(url, { handler });
    const [error] = await event(connection, 'error');
    expect(error.code).toBe('ERR_HANDLER_FAILED');
    expect(error.cause.message).toContain('Argument "value" takes a value that structuredClone()');
  });
});

describe('more than one message can hold', () => {
  it.each([2 ** 31 - 63, 2 ** 31])('%i bytes are refused', async (size) => {
    const url = `ws://127.0.0.1:${await wsServer(echo)}/`;
    const connection = await own.pool.connect(url);
    const group = await own.pool.connectMany(url, { count: 1, handler: telling });
    // Memory that is never touched.
    const bytes = new Uint8Array(size);
    for (const data of [bytes, bytes.buffer]) {
      for (const call of [() => connection.send(data), () => group.broadcast(data)]) {
        const { code, details } = thrownBy(call);
        expect([code, details.got]).toEqual(['ERR_INVALID_ARGUMENT', `${size} bytes`]);
      }
    }
    expect(connection.bufferedAmount).toBe(0);
    const answer = event(connection, 'message');
    connection.send('still here');
    expect((await answer)[0].toString()).toBe('still here');
    await Promise.all([connection.close(), group.close()]);
  });
});

describe('classes whose objects a method makes', () => {
  it.each<[{ readonly name: string }, call: string]>([
    [Pool, 'createPool(options)'],
    [Connection, 'pool.connect(url)'],
    [ConnectionGroup, 'pool.connectMany(url, options)'],
    [Lease, 'connection.lease(mode)'],
    [MemoryBio, 'createMemoryBio({ limit })'],
  ])('%o says which', (Class, call) => {
    for (const given of [[], [{ threads: 2 }], [{ leases: {} }, {}], ['text', 1]]) {
      const { code, message } = thrownBy(() =>
        Reflect.construct(Class as new () => unknown, given),
      );
      expect(code).toBe('ERR_INVALID_ARGUMENT');
      expect(message).toContain(`new ${Class.name}()`);
      expect(message).toContain(call);
    }
  });
});

it('leaseAll() tells of an iterable that throws, and leaves nothing leased', async () => {
  const connection = await own.pool.connect(`ws://127.0.0.1:${await wsServer(echo)}/`);
  const cause = new RangeError('thrown by a generator');
  function* throwing() {
    yield connection;
    throw cause;
  }
  const error = await rejection(own.pool.leaseAll(throwing(), 'exclusive'));
  expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', cause });
  expect(error.details).toMatchObject({ argument: 'connections', reason: cause.message });
  connection.tryLease('exclusive')?.release();
  await connection.close();
});

it('connect() says what a URL is, and what it got', async () => {
  const { code, message } = await rejection(own.pool.connect(5 as never));
  expect(code).toBe('ERR_INVALID_URL');
  expect(message).toMatch(/^Argument "url" takes a string or a URL: ws:\/\/, .*; it got 5\.$/);
});

it('what was open when its pool was destroyed says so, and nothing of new connections', async () => {
  const pool = await createPool({ threads: 1 });
  const url = `ws://127.0.0.1:${await wsServer(echo)}/`;
  const connection = await pool.connect(url);
  const waits = [connection.flushed(), connection[Symbol.asyncIterator]().next()].map(rejection);
  const ended = pool.destroy(new Error('enough'));
  for (const error of await Promise.all(waits)) {
    expect(error).toMatchObject({ code: 'ERR_POOL_CLOSED', cause: { message: 'enough' } });
    expect(error.details).toMatchObject({ url, connection: connection.id });
    expect(error.message).toContain(`${url} ended with its pool`);
  }
  await ended;
});

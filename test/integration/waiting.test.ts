import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createPool } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { event, rejection, usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

const own = usePool();
const handler = (name: string) => new URL(`../fixtures/handlers/${name}.mjs`, import.meta.url);

/** A connection on which a, b and c have come, and wait. */
async function waiting({ closes = false } = {}): Promise<Connection> {
  const port = await wsServer((peer) => {
    for (const text of ['a', 'b', 'c']) peer.send(text);
    if (closes) peer.close(1000);
    else peer.ping();
  });
  const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
  await new Promise<void>((resolve) => {
    if (closes) connection.once('close', () => resolve());
    else connection.once('ping', () => resolve());
  });
  return connection;
}

describe('messages that wait for a listener', () => {
  it('go on waiting when it goes before it was told', async () => {
    const connection = await waiting();
    const listener = () => undefined;
    connection.on('message', listener);
    connection.off('message', listener);
    await new Promise((resolve) => setImmediate(resolve));
    const got: string[] = [];
    await new Promise<void>((resolve) => {
      connection.on('message', (data) => {
        if (got.push(data.toString()) === 3) resolve();
      });
    });
    expect(got).toEqual(['a', 'b', 'c']);
    connection.terminate();
  });

  it('go on waiting after the one that it wanted', async () => {
    const connection = await waiting();
    const [first] = (await once(connection, 'message')) as [Buffer];
    const got = [first.toString()];
    for await (const { data } of connection) {
      if (got.push(data.toString()) === 3) break;
    }
    expect(got).toEqual(['a', 'b', 'c']);
  });

  it('come through a stream made after the end', async () => {
    const connection = await waiting({ closes: true });
    let got = '';
    for await (const data of connection.stream()) got += String(data);
    expect(got).toBe('abc');
  });

  it('there are none: a stream made after the end ends', async () => {
    const port = await wsServer(echo);
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    await connection.close();
    const got: unknown[] = [];
    for await (const data of connection.stream()) got.push(data);
    expect(got).toEqual([]);
  });
});

describe('an iteration', () => {
  it('can be ended before it begins', async () => {
    const port = await wsServer(echo);
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    const closed = once(connection, 'close');
    await connection[Symbol.asyncIterator]().return?.();
    await closed;
    expect(connection.listenerCount('message')).toBe(0);
  });

  it('can be ended while it waits', async () => {
    const port = await wsServer(echo);
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    const messages = connection[Symbol.asyncIterator]();
    const next = messages.next();
    await messages.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

describe('a handler', () => {
  it('that rejects ends its connection alone', async () => {
    const port = await wsServer(echo);
    const url = `ws://127.0.0.1:${port}/`;
    const other = await own.pool.connect(url);
    const connection = await own.pool.connect(url, { handler: handler('rejecting') });
    const closed = event(connection, 'close');
    connection.send('x');
    expect((await closed)[0]).toBe(1011);
    expect(connection.error?.code).toBe('ERR_HANDLER_FAILED');
    expect(connection.error?.details.reason).toBe('rejected x');
    expect(other.readyState).toBe(1);
    await other.close();
  });

  it('that is only promised is refused', async () => {
    const port = await wsServer(echo);
    const opening = own.pool.connect(`ws://127.0.0.1:${port}/`, { handler: handler('promising') });
    expect((await rejection(opening)).code).toBe('ERR_HANDLER_LOAD');
  });

  it('that never loads is waited for no longer than the time-out', async () => {
    const port = await wsServer(echo);
    const url = `ws://127.0.0.1:${port}/`;
    const hanging = { handler: handler('hanging') };
    const late = await rejection(own.pool.connect(url, { ...hanging, timeout: 50 }));
    expect(late.code).toBe('ERR_HANDSHAKE_TIMEOUT');
    const facts = { phase: 'handler', worker: 0, handler: hanging.handler.href };
    expect(late.details).toMatchObject(facts);
    const signal = AbortSignal.timeout(50);
    const given = await rejection(own.pool.connect(url, { ...hanging, signal }));
    expect(given.code).toBe('ERR_ABORTED');
  });

  it('that never loads in one of the workers leaves nothing of its group', async () => {
    const port = await wsServer(echo);
    const pool = await createPool({ threads: 2 });
    const url = `ws://127.0.0.1:${port}/`;
    const place = mkdtempSync(join(tmpdir(), 'lws-pool-'));
    onTestFinished(() => rmSync(place, { recursive: true }));
    const hanging = { handler: handler('hanging-in-one'), count: 5 };
    hanging.handler.searchParams.set('folder', join(place, 'made'));
    const late = await rejection(pool.connectMany(url, { ...hanging, timeout: 500 }));
    expect(late.code).toBe('ERR_HANDSHAKE_TIMEOUT');
    expect(late.details).toMatchObject({ phase: 'handler', handler: hanging.handler.href });
    expect(late.message).toMatch(/: worker [01] has not loaded the handler file:\/\/\//);
    const signal = AbortSignal.timeout(50);
    const given = await rejection(pool.connectMany(url, { ...hanging, signal }));
    expect(given.code).toBe('ERR_ABORTED');
    // Those of the other worker are ended, and it says so.
    while (pool.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await pool.close();
  });
});

it('pool.close() checks its options', async () => {
  const pool = await createPool({ threads: 1 });
  for (const timeout of [Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 40]) {
    expect((await rejection(pool.close({ timeout }))).code).toBe('ERR_INVALID_OPTION');
  }
  await pool.close({ timeout: 1000 });
});

it('send() refuses what is no option, such as a callback', async () => {
  const port = await wsServer(echo);
  const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
  const send = (options: unknown) => () => connection.send('x', options as never);
  expect(send(() => undefined)).toThrow(/flushed\(\)/);
  expect(send('y')).toThrow(/ERR_INVALID_ARGUMENT|options/);
  await connection.close();
});

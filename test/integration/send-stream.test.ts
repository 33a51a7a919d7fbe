import { Readable } from 'node:stream';
import type { Connection } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { hold, until } from '../fixtures/leases.js';
import { ending, event, messages, rejection, usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

const own = usePool();

async function open(
  compression = false,
  onPeer: (peer: WebSocket) => void = echo,
  options: object = {},
): Promise<Connection> {
  const port = await wsServer(onPeer, {
    maxPayload: 64 << 20,
    perMessageDeflate: compression ? { threshold: 0 } : false,
  });
  return own.pool.connect(`ws://127.0.0.1:${port}/`, { ...options, compression });
}

/** A source that gives what it is told, when it is told. */
function manual() {
  let give: ((result: IteratorResult<string>) => void) | undefined;
  let returned = false;
  const source: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise((resolve) => {
          give = resolve;
        }),
      return: async () => {
        returned = true;
        return { done: true, value: undefined };
      },
    }),
  };
  const next = async (result: IteratorResult<string>) => {
    await until(() => give !== undefined);
    const resolve = give;
    give = undefined;
    resolve?.(result);
  };
  return {
    source,
    /** Resolves once that is sent, and the next piece is asked for. */
    give: async (value: string) => {
      await next({ done: false, value });
      await until(() => give !== undefined);
    },
    end: () => next({ done: true, value: undefined }),
    returned: () => returned,
  };
}

describe.each([false, true])('a message in fragments, compressed: %s', (compression) => {
  it.each<
    [string, () => AsyncIterable<string | Buffer> | Iterable<string | Buffer>, string, boolean]
  >([
    ['a list', () => ['one ', 'two ', 'three'], 'one two three', false],
    [
      'a generator',
      function* () {
        yield Buffer.from('a');
        yield Buffer.from('b');
      },
      'ab',
      true,
    ],
    [
      'a stream',
      () => Readable.from(['x'.repeat(100_000), 'y'.repeat(100_000)]),
      'x'.repeat(100_000) + 'y'.repeat(100_000),
      false,
    ],
    ['nothing', () => [], '', false],
    ['empty pieces', () => ['', 'a', ''], 'a', false],
    ['halves of a character', () => ['\ud834', '\udd1e'], '\u{1d11e}', false],
  ])('of %s', async (_title, source, text, binary) => {
    const connection = await open(compression);
    const answer = event(connection, 'message');
    await connection.sendStream(source());
    const [data, isBinary] = await answer;
    expect([String(data), isBinary]).toEqual([text, binary]);
    expect(connection.stats().messagesSent).toBe(1);
    await connection.close();
  });

  it('others wait until it ends, in order, and pings do not', async () => {
    const connection = await open(compression);
    const { source, give, end } = manual();
    const got = messages(connection, 4);
    const sending = connection.sendStream(source);
    await give('begun ');
    connection.send('second');
    connection.send('third', { compress: false });
    const flushed = connection.flushed();
    const later = connection.sendStream(['fourth']);
    const pong = event(connection, 'pong');
    connection.ping('between');
    expect(String((await pong)[0])).toBe('between');
    expect(connection.bufferedAmount).toBeGreaterThan(0);
    await give('and ended');
    await end();
    await sending;
    await flushed;
    await later;
    expect(await got).toEqual(['begun and ended', 'second', 'third', 'fourth']);
    await connection.close();
  });

  it('no more waits than highWaterMark lets', async () => {
    let reads: (() => void) | undefined;
    const connection = await open(
      compression,
      (peer) => {
        peer.pause();
        reads = () => peer.resume();
        echo(peer);
      },
      { highWaterMark: 64 * 1024 },
    );
    const { randomBytes } = await import('node:crypto');
    let given = 0;
    const total = 14 << 20;
    const answer = event(connection, 'message');
    const sending = connection.sendStream(
      (async function* () {
        for (; given < total; given += 64 * 1024) yield randomBytes(64 * 1024);
      })(),
    );
    await until(() => connection.bufferedAmount > 64 * 1024);
    expect(connection.bufferedAmount).toBeLessThan(64 * 1024 * 4);
    expect(given).toBeLessThan(total);
    reads?.();
    await sending;
    expect((await answer)[0].length).toBe(total);
    await connection.close();
  });

  it('an exclusive lease waits until it ends', async () => {
    const connection = await open(compression);
    const { source, give, end } = manual();
    const got = messages(connection, 1);
    const sending = connection.sendStream(source);
    await give('one ');
    expect(connection.tryLease('exclusive')).toBeUndefined();
    const waiting = hold(connection);
    await give('two');
    await end();
    await sending;
    (await waiting).release();
    expect(await got).toEqual(['one two']);
    await connection.close();
  });
});

describe('a message that is given up', () => {
  it('before anything of it was sent changes nothing', async () => {
    const connection = await open();
    const { source, returned } = manual();
    const abort = new AbortController();
    const sending = rejection(connection.sendStream(source, { signal: abort.signal }));
    abort.abort(new Error('why'));
    const error = await sending;
    expect(error.code).toBe('ERR_ABORTED');
    expect((error.cause as Error).message).toBe('why');
    expect(returned()).toBe(true);
    const got = messages(connection, 1);
    connection.send('goes on');
    expect(await got).toEqual(['goes on']);
    await connection.close();
  });

  it('in its middle closes the connection, and the peer has no message', async () => {
    let closed: ((code: number) => void) | undefined;
    const code = new Promise<number>((resolve) => {
      closed = resolve;
    });
    const got: unknown[] = [];
    const connection = await open(false, (peer) => {
      peer.on('message', (data) => got.push(data));
      peer.on('close', (code) => closed?.(code));
    });
    const { source, give } = manual();
    const abort = new AbortController();
    const sending = rejection(connection.sendStream(source, { signal: abort.signal }));
    await give('half');
    await until(() => connection.stats().bytesSent > 0);
    abort.abort();
    expect((await sending).code).toBe('ERR_ABORTED');
    expect(await code).toBe(1011);
    expect(got).toEqual([]);
  });

  it('by its source', async () => {
    const connection = await open();
    const closed = ending(connection);
    const failure = new Error('the source');
    await expect(
      connection.sendStream(
        (async function* () {
          yield 'a';
          throw failure;
        })(),
      ),
    ).rejects.toBe(failure);
    expect((await closed).code).toBe(1011);
  });

  it('by the end of its connection', async () => {
    const connection = await open();
    const { source, give, returned } = manual();
    const sending = rejection(connection.sendStream(source));
    await give('a');
    connection.terminate();
    expect((await sending).code).toBe('ERR_CONNECTION_CLOSED');
    expect(returned()).toBe(true);
  });

  it.each([undefined, null, 5, 'text', Buffer.from('x'), {}])('not %s', async (source) => {
    const connection = await open();
    const error = await rejection(connection.sendStream(source as never));
    expect(error.code).toBe('ERR_INVALID_ARGUMENT');
    expect((await rejection(connection.sendStream([], { fin: true } as never))).code).toBe(
      'ERR_INVALID_OPTION',
    );
    await connection.close();
  });
});

import { once } from 'node:events';
import type { Pool } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ending, event, poolUnderTest } from '../fixtures/pool.js';
import {
  afterUpgrade,
  closePayload,
  echo,
  frame,
  tcpServer,
  wsServer,
} from '../fixtures/servers.js';

const ECHOING = new URL('../fixtures/handlers/echoing.mjs', import.meta.url);
const HOLDING = new URL('../fixtures/handlers/holding.mjs', import.meta.url);

async function own(): Promise<Pool> {
  const pool = await poolUnderTest({});
  onTestFinished(() => pool.destroy());
  return pool;
}

/** Answers our close frame with messages first, then with its own. */
function lateTalker(count: number): Promise<number> {
  return afterUpgrade((socket) => {
    socket.once('data', () => {
      for (let i = 0; i < count; i++) socket.write(frame(1, `late ${i}`));
      socket.write(frame(8, closePayload(1000)));
    });
  });
}

describe('an answer to what comes while closing', () => {
  it('is not sent, counted, and no fault', async () => {
    const pool = await own();
    const connection = await pool.connect(`ws://127.0.0.1:${await lateTalker(3)}/`);
    const sent: boolean[] = [];
    connection.on('message', (data) => sent.push(connection.send(data), connection.ping()));
    const end = ending(connection);
    await connection.close(1000);
    expect(await end).toMatchObject({ code: 1000, error: undefined });
    expect(sent).toEqual(Array(6).fill(false));
    expect(connection.stats().messagesUnsent).toBe(3);
    expect(pool.stats().messagesUnsent).toBe(3);
    expect(() => connection.send('x')).toThrow(
      expect.objectContaining({ code: 'ERR_CONNECTION_CLOSED' }),
    );
  });

  it('is still looked at for what it is', async () => {
    const pool = await own();
    const connection = await pool.connect(`ws://127.0.0.1:${await lateTalker(1)}/`);
    void connection.close(1000);
    const refused = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' });
    expect(() => connection.send(5 as never)).toThrow(refused);
    expect(() => connection.ping(Buffer.alloc(126))).toThrow(refused);
    expect(() => connection.send('x', { binary: 5 } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
    );
  });

  it('of a raw connection, which goes on receiving until its peer ends', async () => {
    const port = await tcpServer(
      (socket) => {
        socket.resume();
        socket.on('end', () => socket.end('last words'));
      },
      { allowHalfOpen: true },
    );
    const pool = await own();
    const connection = await pool.connect(`tcp://127.0.0.1:${port}`);
    const got: string[] = [];
    connection.on('data', (data) => {
      got.push(String(data));
      got.push(String(connection.send(data)));
    });
    const end = ending(connection);
    await connection.close();
    expect(await end).toMatchObject({ code: 1000, error: undefined });
    expect(got).toEqual(['last words', 'false']);
  });

  it.each(['group', 'pool'])('in handlers, where the %s is closed', async (what) => {
    const port = await wsServer(echo);
    const pool = await own();
    const failures: unknown[] = [];
    pool.on('handlerFailed', (error) => failures.push(error));
    const group = await pool.connectMany(`ws://127.0.0.1:${port}/`, {
      count: 50,
      handler: ECHOING,
    });
    const closed: { unsent: number; counted: number }[] = [];
    group.on('post', (value) => closed.push(value as never));
    await group.ready;
    await (what === 'group' ? group.close() : pool.close());
    expect([...group.errors], 'errors').toEqual([]);
    expect(failures).toEqual([]);
    if (what === 'pool') return;
    while (closed.length < 50) await event(group, 'post');
    for (const { unsent, counted } of closed) expect(counted).toBeGreaterThanOrEqual(unsent);
  });

  it('on the main thread, where the pool is closed', async () => {
    const port = await wsServer(echo);
    const pool = await own();
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
    connection.on('message', (data) => connection.send(data));
    for (let i = 0; i < 50; i++) connection.send('x');
    for (let i = 0; i < 200; i++) await event(connection, 'message');
    const end = ending(connection);
    await pool.close();
    expect(await end).toMatchObject({ code: 1001, error: undefined });
  });
});

describe('a handler that pauses', () => {
  it.each(['resumes', 'is closed'])('holds the rest, which comes when it %s', async (how) => {
    const all = Array.from({ length: 300 }, (_, i) => frame(1, `${i}`));
    const port = await afterUpgrade((socket) => {
      socket.write(Buffer.concat(all));
      socket.on('data', () => socket.end(frame(8, closePayload(1000))));
    });
    const pool = await own();
    const url = `ws://127.0.0.1:${port}/`;
    const group = await pool.connectMany(url, { count: 1, handler: HOLDING, data: 100 });
    expect((await once(group, 'post'))[0]).toMatchObject({ got: 100 });
    if (how === 'resumes') {
      for (const got of [200, 300]) {
        const paused = once(group, 'post');
        group.post('go on');
        expect((await paused)[0]).toMatchObject({ got });
      }
    }
    const posts: { closed?: boolean; got: number[] }[] = [];
    group.on('post', (value) => posts.push(value as never));
    await group.close();
    while (posts.at(-1)?.closed !== true) await event(group, 'post');
    expect(posts.at(-1)?.got).toEqual([...Array(300).keys()]);
  });
});

describe('closeTimeout', () => {
  it('does not run while what was sent before gets through', async () => {
    const size = 48 << 20;
    let read = 0;
    const port = await afterUpgrade((socket) => {
      const take = (data: Buffer | null) => {
        read += data?.length ?? 0;
        if (read > size) socket.end(frame(8, closePayload(1000)));
      };
      socket.pause();
      // Slowly for longer than closeTimeout, then as fast as it goes.
      const slowly = setInterval(() => take(socket.read() as Buffer | null), 50);
      const hasty = setTimeout(() => {
        clearInterval(slowly);
        socket.on('data', take).resume();
      }, 5000);
      socket.once('close', () => {
        clearInterval(slowly);
        clearTimeout(hasty);
      });
    });
    const pool = await own();
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`, { closeTimeout: 2000 });
    for (let i = 0; i < 48; i++) connection.send(Buffer.alloc(1 << 20));
    const end = ending(connection);
    const began = performance.now();
    await pool.close();
    expect(performance.now() - began).toBeGreaterThan(4000);
    expect(await end).toMatchObject({ code: 1000, error: undefined });
    expect(read).toBeGreaterThan(size);
  });

  it('says what its peer has not taken', async () => {
    const port = await afterUpgrade((socket) => socket.pause());
    const pool = await own();
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`, { closeTimeout: 200 });
    connection.send(Buffer.alloc(20 << 20));
    const end = ending(connection);
    await connection.close(1000);
    const { error } = await end;
    expect(error?.code).toBe('ERR_CLOSE_TIMEOUT');
    expect(error?.details.unsent).toBeGreaterThan(1 << 20);
    expect(error?.message).toContain('what was sent before its close frame');
  });
});

import { text } from 'node:stream/consumers';
import { type ConnectionGroup, createPool, type Pool } from 'lws-pool';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { ending, event, rejection, usePool } from '../fixtures/pool.js';
import { answering, echo, freePort, tcpServer, wsServer } from '../fixtures/servers.js';

const own = usePool();
const handler = (name: string) => new URL(`../fixtures/handlers/${name}.mjs`, import.meta.url);

interface Told {
  readonly callback: string;
  readonly facts: unknown[];
  readonly open: number;
}

/** Waits until a handler has told of so many calls of that callback. */
function told(group: ConnectionGroup, callback: string, count = 1): Promise<Told[]> {
  return new Promise((resolve) => {
    const all: Told[] = [];
    const onPost = (value: unknown) => {
      if ((value as Told).callback === callback) all.push(value as Told);
      if (all.length < count) return;
      group.off('post', onPost);
      resolve(all);
    };
    group.on('post', onPost);
  });
}

describe('a handler of one connection', () => {
  it('serves it in the worker', async () => {
    const got: string[] = [];
    let peer: WebSocket | undefined;
    const port = await wsServer((accepted) => {
      peer = accepted;
      accepted.on('message', (data) => got.push(String(data)));
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, {
      handler: handler('plain'),
    });
    connection.on('message', () => got.push('a message on the main thread'));
    const end = ending(connection);
    for (const text of ['a', 'b', 'close']) peer?.send(text);
    expect(await end).toMatchObject({ code: 3001, error: undefined });
    expect(got).toEqual(['hello from the worker', '1 a', '2 b']);
  });

  it('the main thread can send and close as well', async () => {
    const got: string[] = [];
    const port = await wsServer((peer) => peer.on('message', (data) => got.push(String(data))));
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, {
      handler: handler('plain'),
    });
    connection.send('from the main thread');
    await connection.close(1000);
    expect(got).toEqual(['hello from the worker', 'from the main thread']);
  });

  it('reports what it throws', async () => {
    const port = await wsServer(echo);
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, {
      handler: handler('telling'),
      data: { throwIn: 'open' },
    });
    const { code, error } = await ending(connection);
    expect([code, error?.code]).toEqual([1011, 'ERR_HANDLER_FAILED']);
    expect(error?.details).toMatchObject({ callback: 'open', reason: 'thrown in open' });
    expect((error?.cause as Error | undefined)?.message).toBe('thrown in open');
    expect((error?.cause as Error | undefined)?.stack).toContain('telling.mjs');
  });

  it.each([
    ['broken', 'this module cannot be loaded'],
    ['none', 'defineHandler'],
    ['missing', 'missing.mjs'],
  ])('that cannot be loaded: %s', async (name, reason) => {
    const port = await wsServer(echo);
    const options = { handler: handler(name) };
    for (const open of [
      () => own.pool.connect(`ws://127.0.0.1:${port}/`, options),
      () => own.pool.connectMany(`ws://127.0.0.1:${port}/`, { ...options, count: 2 }),
    ]) {
      const error = await rejection(open());
      expect(error.code).toBe('ERR_HANDLER_LOAD');
      expect(error.message).toContain(reason);
      expect(error.cause).toBeInstanceOf(Error);
    }
    expect(own.pool.size).toBe(1);
  });

  it('of a raw connection ends when its peer has ended', async () => {
    let got: Promise<string> | undefined;
    const port = await tcpServer(
      (socket) => {
        got = text(socket);
        socket.end('a');
      },
      { allowHalfOpen: true },
    );
    const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`, {
      handler: handler('plain'),
    });
    expect(await ending(connection)).toMatchObject({ code: 1000, error: undefined });
    expect(await got).toBe('hello from the worker1 a');
  });
});

describe('a group', () => {
  let pool: Pool;
  beforeAll(async () => {
    pool = await createPool({ threads: 2 });
  });
  afterAll(() => pool.close({ timeout: 1000 }));

  async function open(
    onPeer: (peer: WebSocket) => void = echo,
    { count = 6, ...options }: Partial<Parameters<Pool['connectMany']>[1]> = {},
  ) {
    const port = await wsServer(onPeer);
    return pool.connectMany(`ws://127.0.0.1:${port}/`, {
      handler: handler('telling'),
      count,
      ...options,
    });
  }

  it('opens over all workers, exchanges messages, and closes', async () => {
    const group = await open(echo, { data: { greeting: 'hello' } });
    const heard = told(group, 'message', 6);
    await group.ready;
    expect([group.opened, group.size, group.failed.size]).toEqual([6, 6, 0]);
    expect((await heard).map(({ facts }) => facts)).toEqual(Array(6).fill(['hello', false]));
    const closed = told(group, 'close', 6);
    await group.close(1000, 'done');
    expect((await closed).map(({ facts }) => facts[0])).toEqual(Array(6).fill(1000));
    expect([group.opened, group.size, group.errors.size]).toEqual([6, 0, 0]);
    expect(pool.size).toBe(0);
  });

  it('post() reaches each worker, broadcast() each connection', async () => {
    const group = await open();
    await group.ready;
    const received = told(group, 'receive', 2);
    const answers = told(group, 'message', 6);
    group.post('something');
    expect(new Set((await received).map(({ facts }) => facts[0]))).toEqual(new Set(['something']));
    expect((await answers).map(({ facts }) => facts[0])).toEqual(
      Array(6).fill('received something'),
    );

    for (const [data, text, binary] of [
      ['to all', 'to all', false],
      [Buffer.alloc(100_000, 'x'), 'x'.repeat(100_000), true],
    ] as const) {
      const echoes = told(group, 'message', 6);
      group.broadcast(data);
      expect((await echoes).map(({ facts }) => facts)).toEqual(Array(6).fill([text, binary]));
    }
    await group.close();
  });

  it('hears pings and drain', async () => {
    let peer: WebSocket | undefined;
    const group = await open(
      (accepted) => {
        peer = accepted;
        accepted.ping('ping!');
      },
      { count: 1, data: { fill: true, size: 5_000_000 } },
    );
    const drained = told(group, 'drain');
    const pinged = told(group, 'ping');
    const first = told(group, 'ping');
    await group.ready;
    expect((await drained)[0]?.facts).toEqual([0]);
    expect((await first)[0]?.facts).toEqual(['ping!']);
    await pinged;
    const again = told(group, 'ping');
    peer?.ping('again');
    expect((await again)[0]?.facts).toEqual(['again']);
    await group.close();
  });

  it.each(['open', 'message', 'ping', 'drain'])('an exception in %s', async (throwIn) => {
    const group = await open(
      (peer) => {
        echo(peer);
        if (throwIn === 'ping') peer.ping();
      },
      { count: 3, data: { throwIn, greeting: 'hi', fill: throwIn === 'drain', size: 5_000_000 } },
    );
    await group.closed;
    expect([...group.errors.keys()]).toEqual(['ERR_HANDLER_FAILED']);
    const failure = group.errors.get('ERR_HANDLER_FAILED');
    expect(failure?.count).toBe(3);
    expect(failure?.message).toContain(`thrown in ${throwIn}`);
    expect(failure?.message).toContain(`${throwIn}()`);
  });

  it.each(['close', 'error'])(
    'an exception in %s is counted, and nothing else',
    async (throwIn) => {
      const group = await open(
        (peer) => (throwIn === 'close' ? peer.close(1000) : peer.terminate()),
        {
          count: 3,
          data: { throwIn },
        },
      );
      await group.closed;
      expect(group.opened).toBe(3);
      expect(group.errors.get('ERR_HANDLER_FAILED')?.count).toBe(3);
      const again = await open();
      await again.ready;
      await again.close();
    },
  );

  it('an exception in receive ends no worker', async () => {
    const crashed: unknown[] = [];
    pool.on('workerCrashed', (error) => crashed.push(error));
    const failures = event(pool, 'handlerFailed');
    const group = await open(echo, { data: { throwIn: 'receive' } });
    await group.ready;
    group.post('x');
    const [error] = await failures;
    expect(error).toMatchObject({ code: 'ERR_HANDLER_FAILED' });
    expect(error.details.callback).toBe('receive');
    expect([group.size, crashed]).toEqual([6, []]);
    await group.close();
  });

  it('opens at its rate', async () => {
    const times: number[] = [];
    const begin = performance.now();
    const group = await open(() => times.push(performance.now() - begin), { count: 40, rate: 100 });
    await group.ready;
    expect(group.opened).toBe(40);
    expect(times.at(-1)).toBeGreaterThan(300);
    expect(times.filter((time) => time < 200).length).toBeLessThan(30);
    await group.close();
  });

  it('counts failures by their code', async () => {
    const port = await freePort();
    const refused = await pool.connectMany(`ws://127.0.0.1:${port}/`, {
      handler: handler('telling'),
      count: 5,
    });
    await refused.closed;
    expect(refused.failed.get('ERR_CONNECTION_REFUSED')?.count).toBe(5);
    expect(refused.opened).toBe(0);

    let turn = 0;
    const picky = await answering((socket) => {
      const status = ['503 Later', '403 Forbidden'][turn++ % 2];
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
    });
    const denied = await pool.connectMany(`ws://127.0.0.1:${picky}/`, {
      handler: handler('telling'),
      count: 4,
    });
    await denied.ready;
    await denied.closed;
    expect(denied.failed.get('ERR_UPGRADE_REFUSED')?.count).toBe(4);
    expect(denied.failed.get('ERR_UPGRADE_REFUSED')?.message).toMatch(/503|403/);
  });

  it('that is aborted ends what is open and what is being opened', async () => {
    const abort = new AbortController();
    let open = 0;
    let onFifth: () => void = () => undefined;
    const fifth = new Promise<void>((resolve) => {
      onFifth = resolve;
    });
    const port = await wsServer(
      () => {
        if (++open === 5) onFifth();
      },
      // The others never get an answer.
      { verifyClient: (_info, callback) => void (open < 5 && callback(true)) },
    );
    const group = await pool.connectMany(`ws://127.0.0.1:${port}/`, {
      handler: handler('telling'),
      count: 50,
      signal: abort.signal,
    });
    await fifth;
    abort.abort();
    await group.closed;
    expect(group.size).toBe(0);
    expect(group.failed.get('ERR_ABORTED')?.count).toBe(50 - group.opened);
    expect(pool.size).toBe(0);
  });

  it('aborted before it begins', async () => {
    const error = await rejection(
      pool.connectMany('ws://127.0.0.1:1/', {
        handler: handler('telling'),
        count: 5,
        signal: AbortSignal.abort(),
      }),
    );
    expect(error.code).toBe('ERR_ABORTED');
  });

  it('that is closed while it opens opens no more', async () => {
    let accepted = 0;
    const port = await wsServer(() => {
      accepted++;
    });
    const group = await pool.connectMany(`ws://127.0.0.1:${port}/`, {
      handler: handler('telling'),
      count: 2000,
    });
    await group.close();
    expect(group.opened + (group.failed.get('ERR_ABORTED')?.count ?? 0)).toBe(2000);
    expect(accepted).toBeLessThan(2000);
    expect(pool.size).toBe(0);
  });

  it.each([
    ['some open, some being opened, some queued', undefined],
    ['most not begun', 100],
  ] as const)('the pool gives it up: %s', async (_, rate) => {
    const closing = await createPool({ threads: 1, handshakesInFlight: 4, flightRecorder: 16 });
    onTestFinished(() => closing.destroy());
    let open = 0;
    let arrived: () => void;
    const hanging = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const port = await wsServer((peer) => peer, {
      // The third never gets an answer, nor those behind it.
      verifyClient: (_info, callback) => (++open < 3 ? callback(true) : arrived()),
    });
    const options = { handler: handler('telling'), count: 50, rate };
    const group = await closing.connectMany(`ws://127.0.0.1:${port}/`, options);
    await hanging;
    await closing.close();
    await group.closed;
    expect([...group.failed].map(([code, { count }]) => [code, count])).toEqual([
      ['ERR_POOL_CLOSED', 50 - group.opened],
    ]);
  });

  it('what its user has given up stays that when the pool is closed', async () => {
    const closing = await createPool({ threads: 1 });
    onTestFinished(() => closing.destroy());
    const port = await tcpServer(() => undefined);
    const options = { handler: handler('telling'), count: 5 };
    const group = await closing.connectMany(`ws://127.0.0.1:${port}/`, options);
    void group.close();
    await closing.close();
    await group.closed;
    expect([...group.failed.keys()]).toEqual(['ERR_ABORTED']);
  });

  it('is larger than the pool', async () => {
    const small = await createPool({ threads: 1, maxConnections: 3 });
    const options = { handler: handler('telling'), count: 4 };
    const error = await rejection(small.connectMany('ws://127.0.0.1:1/', options));
    expect(error.code).toBe('ERR_TOO_MANY_CONNECTIONS');
    await small.close();
  });
});

describe('what has arrived', () => {
  /** Sends three messages to whoever connects, and closes. */
  const sending = (peer: WebSocket) => {
    peer.send('one');
    peer.send(Buffer.alloc(100_000));
    peer.send('');
    peer.close(1000);
  };

  it.each([undefined, { takes: true }])(
    'is counted, with message() and without: %o',
    async (data) => {
      const port = await wsServer(sending);
      const posts: unknown[] = [];
      const group = await own.pool.connectMany(`ws://127.0.0.1:${port}/`, {
        count: 1,
        handler: handler('counting'),
        data,
      });
      group.on('post', (value) => posts.push(value));
      await group.closed;
      expect(posts.at(-1)).toEqual({ closed: { messages: 3n, bytes: 100_003n } });
      expect(posts.filter((post) => Object.hasOwn(post as object, 'bytes'))).toHaveLength(
        data === undefined ? 0 : 3,
      );
    },
  );

  it('is counted for the handler of one connection', async () => {
    const port = await wsServer(sending);
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, {
      handler: handler('counting'),
    });
    const got: unknown[] = [];
    connection.on('message', (data) => got.push(data));
    expect(await ending(connection)).toMatchObject({ code: 1000, error: undefined });
    expect(got).toEqual([]);
  });
});

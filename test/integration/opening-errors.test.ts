import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import type net from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { event, rejection, usePool } from '../fixtures/pool.js';
import { answering, freePort, ignore, socketPath, tcpServer } from '../fixtures/servers.js';

const own = usePool();

describe('what is passed in wrongly', () => {
  it('a bad option is named, with what it got and takes', async () => {
    const error = await rejection(own.pool.connect('ws://127.0.0.1:1', { timeout: -1 }));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.details).toMatchObject({ option: 'timeout', got: '-1' });
  });

  it.each(['http://127.0.0.1/', 'ws://', 'tcp://127.0.0.1', 'ws://127.0.0.1/#a', 'nonsense'])(
    'a bad URL: %s',
    async (url) => {
      expect((await rejection(own.pool.connect(url))).code).toBe('ERR_INVALID_URL');
    },
  );
});

describe('no server', () => {
  it('a name that does not exist', async () => {
    const error = await rejection(own.pool.connect('ws://no-such-host.invalid:1/'));
    expect(error.code).toMatch(/^ERR_NAME_(NOT_FOUND|LOOKUP)$/);
    expect(error.details.host).toBe('no-such-host.invalid');
  });

  it.each([
    ['ENOTFOUND', 'ERR_NAME_NOT_FOUND'],
    ['EAI_AGAIN', 'ERR_NAME_LOOKUP'],
  ])('a look-up that says %s', async (errno, code) => {
    const failure = Object.assign(new Error('no'), { code: errno, syscall: 'getaddrinfo' });
    const error = await rejection(
      own.pool.connect('ws://a.test:1/', {
        lookup: (_host, _options, callback) => callback(failure, []),
      }),
    );
    expect(error.code).toBe(code);
    expect(error.details.errno).toBe(errno);
    expect(error.cause).toBe(failure);
  });

  // A DNS answer can hold thousands. These are groups, which TCP refuses at once.
  it('a name with more addresses than anybody tries', async () => {
    const all = Array.from({ length: 4600 }, (_, i) => `224.0.${i >> 8}.${i & 255}`);
    const error = await rejection(
      own.pool.connect('ws://many.test:9/', {
        lookup: (_host, _options, callback) => {
          callback(
            null,
            all.map((address) => ({ address, family: 4 })),
          );
        },
        timeout: 30_000,
      }),
    );
    expect(error.code).toBe('ERR_UNREACHABLE');
    expect(error.details).toMatchObject({ address: all[63], addressesLeftOut: 4600 - 64 });
    const { errors, message } = error.cause as AggregateError;
    expect(errors.map(({ details }) => details.address)).toEqual(all.slice(0, 64));
    expect(message).toContain('4536');
  });

  it('thousands of connections that are refused at once', async () => {
    const path = await socketPath();
    const handler = new URL('../fixtures/handlers/plain.mjs', import.meta.url);
    const group = await own.pool.connectMany(`unix:${path}`, { count: 5000, handler });
    await group.closed;
    expect(group.failed.get('ERR_CONNECTION_REFUSED')?.count).toBe(5000);
  });

  it.each(['ws', 'tcp'])('refused: %s', async (scheme) => {
    const port = await freePort();
    const error = await rejection(own.pool.connect(`${scheme}://127.0.0.1:${port}`));
    expect(error.code).toBe('ERR_CONNECTION_REFUSED');
    expect(error.details).toMatchObject({
      errno: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port,
    });
    expect(error.message).toContain(`127.0.0.1:${port}`);
  });

  it.each(['unix:', 'ws+unix:'])('a Unix socket that does not exist: %s', async (scheme) => {
    const path = await socketPath();
    const error = await rejection(own.pool.connect(`${scheme}${path}`));
    expect(error.code).toBe('ERR_CONNECTION_REFUSED');
    expect(error.details).toMatchObject({ errno: 'ENOENT', unixPath: path });
    expect(error.message).toContain(path);
  });

  it('a Unix socket that nobody listens on any more', async () => {
    const path = await socketPath();
    // Bound by a process that is gone: the file stays.
    const program =
      'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, 9))';
    spawnSync(process.execPath, ['-e', program, path]);
    const error = await rejection(own.pool.connect(`unix:${path}`));
    expect(error.code).toBe('ERR_CONNECTION_REFUSED');
    expect(error.details.errno).toBe('ECONNREFUSED');
  });

  it('unreachable', async () => {
    // 240.0.0.0/4 is reserved and 255.255.255.255 no host: the kernel refuses without a packet.
    const error = await rejection(own.pool.connect('ws://255.255.255.255:1/', { timeout: 5000 }));
    expect(error.code).toBe('ERR_UNREACHABLE');
    expect(error.details.errno).toMatch(/^E(NET|HOST)UNREACH$/);
  });
});

describe('a server that cuts the connection', () => {
  it.each([
    ['resets at once', (socket: net.Socket) => socket.resetAndDestroy()],
    ['ends at once', (socket: net.Socket) => socket.end()],
    [
      'resets after the request',
      (socket: net.Socket) => socket.once('data', () => socket.resetAndDestroy()),
    ],
    ['ends after the request', (socket: net.Socket) => socket.once('data', () => socket.end())],
    [
      'resets in the middle of its answer',
      (socket: net.Socket) =>
        socket.once('data', () =>
          socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgr', () => socket.resetAndDestroy()),
        ),
    ],
    [
      'ends in the middle of its answer',
      (socket: net.Socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgr')),
    ],
  ] as const)('%s', async (_title, act) => {
    const port = await tcpServer(act);
    const error = await rejection(own.pool.connect(`ws://127.0.0.1:${port}/`));
    expect(error.code).toBe('ERR_CONNECTION_RESET');
    expect(error.details).toMatchObject({ host: '127.0.0.1', port });
  });
});

describe('a server that resets at once', () => {
  // Often before libwebsockets has looked, which then cannot tell it from no connection at all.
  it.each(['ws', 'wss'])('%s', async (scheme) => {
    const port = await tcpServer((socket) => socket.resetAndDestroy());
    const url = `${scheme}://127.0.0.1:${port}/`;
    const openings = Array.from({ length: 200 }, () => rejection(own.pool.connect(url)));
    for (const error of await Promise.all(openings)) {
      expect(error.code).toBe('ERR_CONNECTION_RESET');
    }
  });
});

describe('a server that is silent', () => {
  it('accepts and says nothing', async () => {
    const port = await tcpServer((socket) => socket.resume());
    const error = await rejection(own.pool.connect(`ws://127.0.0.1:${port}/`, { timeout: 150 }));
    expect(error.code).toBe('ERR_HANDSHAKE_TIMEOUT');
    expect(error.details).toMatchObject({ timeout: 150, phase: 'upgrade' });
  });

  it('says nothing where TLS is expected', async () => {
    const port = await tcpServer((socket) => socket.resume());
    const error = await rejection(own.pool.connect(`wss://127.0.0.1:${port}/`, { timeout: 150 }));
    expect(error.code).toBe('ERR_HANDSHAKE_TIMEOUT');
    expect(error.details).toMatchObject({ timeout: 150, phase: 'TLS' });
  });

  it('begins its answer and stops', async () => {
    const port = await answering((socket) => socket.write('HTTP/1.1 101 Switching'));
    const error = await rejection(own.pool.connect(`ws://127.0.0.1:${port}/`, { timeout: 150 }));
    expect(error.code).toBe('ERR_HANDSHAKE_TIMEOUT');
  });

  it('a look-up that never answers', async () => {
    const error = await rejection(
      own.pool.connect('ws://a.test:1/', { timeout: 50, lookup: () => undefined }),
    );
    expect(error.code).toBe('ERR_HANDSHAKE_TIMEOUT');
    expect(error.details.phase).toBe('name lookup');
  });
});

describe('aborted by its signal', () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

  async function check(promise: Promise<unknown>, { signal }: AbortController, reason: unknown) {
    const error = await rejection(promise);
    expect(error.code).toBe('ERR_ABORTED');
    expect(error.cause).toBe(reason);
    expect(listeners(signal)).toBe(0);
    await vi.waitFor(() => expect(own.pool.size).toBe(1));
  }

  it('before the call', async () => {
    const abort = new AbortController();
    const reason = new Error('never mind');
    abort.abort(reason);
    const url = 'ws://127.0.0.1:1/';
    await check(own.pool.connect(url, { signal: abort.signal }), abort, reason);
  });

  it('during the look-up', async () => {
    const abort = new AbortController();
    const reason = new Error('never mind');
    const opening = own.pool.connect('ws://a.test:1/', {
      signal: abort.signal,
      lookup: () => abort.abort(reason),
    });
    await check(opening, abort, reason);
  });

  it('during the handshake', async () => {
    const abort = new AbortController();
    const reason = new Error('never mind');
    const closed = new Promise((resolve) => {
      void tcpServer((socket) => {
        socket.on('close', resolve);
        socket.once('data', () => abort.abort(reason));
      }).then((port) => {
        const url = `ws://127.0.0.1:${port}/`;
        resolve(check(own.pool.connect(url, { signal: abort.signal }), abort, reason));
      });
    });
    await closed;
  });

  it('when it stands and nobody knows yet', async () => {
    const abort = new AbortController();
    const reason = new Error('never mind');
    const port = await tcpServer(ignore);
    const open = () => own.pool.stats().connections.open;
    const before = open();
    const opening = own.pool.connect(`tcp://127.0.0.1:${port}`, { signal: abort.signal });
    const checked = check(opening, abort, reason);
    // No turn of this thread's loop, in which it would hear of it.
    const end = Date.now() + 10_000;
    while (open() === before && Date.now() < end) await null;
    expect(open()).toBe(before + 1);
    abort.abort(reason);
    await checked;
  });

  it('in the queue', async () => {
    const { createPool } = await import('lws-pool');
    const pool = await createPool({ threads: 1, handshakesInFlight: 1 });
    const abort = new AbortController();
    const first = new AbortController();
    const port = await tcpServer((socket) => {
      // The first is being opened: the second waits in the queue.
      socket.once('data', () => abort.abort(new Error('second')));
    });
    const url = `ws://127.0.0.1:${port}/`;
    const openings = [
      pool.connect(url, { signal: first.signal }),
      pool.connect(url, { signal: abort.signal }),
    ];
    const error = await rejection(openings[1] as Promise<unknown>);
    expect(error.code).toBe('ERR_ABORTED');
    expect(listeners(abort.signal)).toBe(0);
    expect(pool.size).toBe(1);
    first.abort();
    expect((await rejection(openings[0] as Promise<unknown>)).code).toBe('ERR_ABORTED');
    await pool.close();
  });

  it('an open connection does not mind', async () => {
    const abort = new AbortController();
    const port = await tcpServer((socket) => socket.pipe(socket));
    const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`, { signal: abort.signal });
    expect(listeners(abort.signal)).toBe(0);
    abort.abort();
    const answer = event(connection, 'data');
    connection.send('still open');
    expect(String((await answer)[0])).toBe('still open');
    await connection.close();
  });
});

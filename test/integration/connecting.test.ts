import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import type { Connection } from 'lws-pool';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../fixtures/certificates.js';
import { event, messages, rejection, usePool } from '../fixtures/pool.js';
import {
  answering,
  echo,
  frame,
  freePort,
  headerOf,
  listen,
  socketPath,
  switching,
  tcpServer,
  wsServer,
} from '../fixtures/servers.js';

const own = usePool();
let made: Awaited<ReturnType<typeof createAuthority>>;
beforeAll(async () => {
  made = await createAuthority();
});

async function echoes(connection: Connection): Promise<void> {
  const answer = event(connection, connection.kind === 'ws' ? 'message' : 'data');
  connection.send('hello');
  expect(String((await answer)[0])).toBe('hello');
  await connection.close();
}

/** The request that a connection makes. */
async function requestOf(
  path: string,
  options: Parameters<typeof own.pool.connect>[1] = {},
  credentials = '',
): Promise<string> {
  let request = '';
  const port = await answering((socket, head) => {
    request = head;
    socket.write(switching(head));
  });
  const connection = await own.pool.connect(`ws://${credentials}127.0.0.1:${port}${path}`, options);
  connection.terminate();
  return request.replaceAll(`:${port}`, ':PORT');
}

describe('ways to a server', () => {
  it('ws: by address, with the facts of the connection', async () => {
    const port = await wsServer(echo);
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/path?query`);
    expect(connection).toMatchObject({
      url: `ws://127.0.0.1:${port}/path?query`,
      kind: 'ws',
      protocol: '',
      extensions: '',
      readyState: 1,
      worker: 0,
      remoteAddress: '127.0.0.1',
      remotePort: port,
      localAddress: '127.0.0.1',
      bufferedAmount: 0,
    });
    expect(connection.localPort).toBeGreaterThan(0);
    await echoes(connection);
  });

  it('ws: by name', async () => {
    const port = await wsServer(echo);
    await echoes(await own.pool.connect(`ws://localhost:${port}/`));
  });

  it('ws: by IPv6 address', async () => {
    let host: string | undefined;
    const port = await wsServer(
      (peer, request) => {
        host = request.headers.host;
        echo(peer);
      },
      { host: '::1' },
    );
    const connection = await own.pool.connect(`ws://[::1]:${port}/`);
    expect(connection.remoteAddress).toBe('::1');
    await echoes(connection);
    expect(host).toBe(`[::1]:${port}`);
  });

  it('wss: by IPv6 address', async () => {
    const port = await wsServer(echo, { host: '::1' }, https.createServer(made.valid) as never);
    await echoes(await own.pool.connect(`wss://[::1]:${port}/`, { tls: { ca: made.ca } }));
  });

  it('tcp:', async () => {
    const port = await tcpServer((socket) => socket.pipe(socket));
    const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`);
    expect(connection.kind).toBe('raw');
    await echoes(connection);
  });

  it('unix:', async () => {
    const path = await socketPath();
    await tcpServer((socket) => socket.pipe(socket), { path });
    await echoes(await own.pool.connect(`unix:${path}`));
  });

  it('unix: with characters that have to be encoded', async () => {
    const path = await socketPath('with spaces, ünicode and 100%');
    await tcpServer((socket) => socket.pipe(socket), { path });
    await echoes(await own.pool.connect(`unix:${encodeURI(path)}`));
  });

  it('ws+unix:', async () => {
    const path = await socketPath();
    let url: string | undefined;
    const server = http.createServer();
    const { WebSocketServer } = await import('ws');
    new WebSocketServer({ server }).on('connection', (peer, request) => {
      url = request.url;
      echo(peer);
    });
    await listen(server, { path });
    await echoes(await own.pool.connect(`ws+unix:${path}:/chat?room=1`));
    expect(url).toBe('/chat?room=1');
  });
});

describe('the request', () => {
  it('is a proper one', async () => {
    const request = await requestOf('/a/b?c=d');
    expect(request.split('\r\n')[0]).toBe('GET /a/b?c=d HTTP/1.1');
    expect(headerOf(request, 'Host')).toBe('127.0.0.1:PORT');
    expect(headerOf(request, 'Upgrade')).toBe('websocket');
    expect(headerOf(request, 'Connection')).toBe('Upgrade');
    expect(headerOf(request, 'Sec-WebSocket-Version')).toBe('13');
    expect(Buffer.from(headerOf(request, 'Sec-WebSocket-Key') ?? '', 'base64')).toHaveLength(16);
    expect(headerOf(request, 'Origin')).toBeUndefined();
  });

  it('has a new key each time', async () => {
    const keys = [await requestOf('/'), await requestOf('/')].map((request) =>
      headerOf(request, 'Sec-WebSocket-Key'),
    );
    expect(keys[0]).not.toBe(keys[1]);
  });

  it('carries headers, also several of one name and in Latin-1', async () => {
    const request = await requestOf('/', {
      headers: { 'X-One': 'ein schöner Tag', 'x-two': ['a', 'b; c'], 'User-Agent': 'test' },
      origin: 'https://example.com',
    });
    expect(request).toContain('\r\nX-One: ein schöner Tag\r\n');
    expect(request).toContain('\r\nx-two: a\r\nx-two: b; c\r\n');
    expect(headerOf(request, 'Origin')).toBe('https://example.com');
    expect(headerOf(request, 'User-Agent')).toBe('test');
  });

  it('carries user and password of the URL', async () => {
    const request = await requestOf('/', {}, 'user:pass%20w%C3%B6rd@');
    expect(headerOf(request, 'Authorization')).toBe(
      `Basic ${Buffer.from('user:pass wörd').toString('base64')}`,
    );
    const explicit = await requestOf('/', { headers: { Authorization: 'Bearer x' } }, 'user:p@');
    expect(explicit.match(/^Authorization: .*$/gim)).toEqual(['Authorization: Bearer x']);
  });

  it('has a path of 8 KB', async () => {
    const path = `/${'long/'.repeat(1638)}`;
    expect((await requestOf(path)).split('\r\n')[0]).toBe(`GET ${path} HTTP/1.1`);
  });

  it('has a host of 253 characters', async () => {
    const host = `${'a'.repeat(61)}.${'b'.repeat(61)}.${'c'.repeat(61)}.${'d'.repeat(61)}.test`;
    let request = '';
    const port = await answering((socket, head) => {
      request = head;
      socket.write(switching(head));
    });
    const connection = await own.pool.connect(`ws://${host}:${port}/`, {
      lookup: (_host, _options, callback) => callback(null, '127.0.0.1', 4),
    });
    expect(headerOf(request, 'Host')).toBe(`${host}:${port}`);
    connection.terminate();
  });

  it('that is too long is refused', async () => {
    const error = await rejection(
      own.pool.connect('ws://127.0.0.1:1/', { headers: { X: 'x'.repeat(20_000) } }),
    );
    expect(error.code).toBe('ERR_INVALID_OPTION');
  });

  it('offers protocols, of which the server takes one', async () => {
    let offered: string | undefined;
    const port = await wsServer(
      (_peer, request) => {
        offered = request.headers['sec-websocket-protocol'];
      },
      { handleProtocols: () => 'second' },
    );
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, {
      protocols: ['first', 'second'],
    });
    expect(connection.protocol).toBe('second');
    expect(offered).toBe('first, second');
    await connection.close();
  });
});

describe('localAddress', () => {
  it('is where the connection comes from; of a list each in turn', async () => {
    const seen: (string | undefined)[] = [];
    const port = await wsServer((_peer, request) => seen.push(request.socket.remoteAddress));
    const localAddress = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
    const pool = own.pool;
    const options = { localAddress };
    for (let i = 0; i < 6; i++) {
      const connection = await pool.connect(`ws://127.0.0.1:${port}/`, options);
      expect(connection.localAddress).toBe(seen[i]);
      await connection.close();
    }
    expect(new Set(seen)).toEqual(new Set(localAddress));
    expect(seen.slice(0, 3)).toEqual(seen.slice(3));
  });

  it('that is not of this machine', async () => {
    const port = await wsServer(echo);
    const error = await rejection(
      own.pool.connect(`ws://127.0.0.1:${port}/`, { localAddress: '192.0.2.1' }),
    );
    expect(error.code).toBe('ERR_LOCAL_ADDRESS');
    expect(error.details).toMatchObject({
      localAddress: '192.0.2.1',
      errno: 'EADDRNOTAVAIL',
      syscall: 'bind',
    });
    expect(error.message).toContain('192.0.2.1');
  });

  it('of the other family', async () => {
    const port = await wsServer(echo);
    const error = await rejection(
      own.pool.connect(`ws://127.0.0.1:${port}/`, { localAddress: '::1' }),
    );
    expect(error.code).toBe('ERR_LOCAL_ADDRESS');
  });
});

describe('a name with several addresses', () => {
  const lookup =
    (...addresses: string[]) =>
    (_host: string, _options: unknown, callback: (error: null, found: never) => void) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })) as never,
      );

  it('the first refuses', async () => {
    const port = await wsServer(echo);
    const connection = await own.pool.connect(`ws://many.test:${port}/`, {
      lookup: lookup('127.0.0.9', '::1', '127.0.0.1'),
    });
    expect(connection.remoteAddress).toBe('127.0.0.1');
    await echoes(connection);
  });

  it('the first cannot be reached', async () => {
    const port = await wsServer(echo);
    const connection = await own.pool.connect(`ws://many.test:${port}/`, {
      lookup: lookup('255.255.255.255', '127.0.0.1'),
    });
    await echoes(connection);
  });

  it('the first hangs: the next gets its turn', async () => {
    const port = await wsServer(echo);
    // A listener whose queue is full: the kernel drops what asks for more.
    const full = await hanging(port);
    const begin = performance.now();
    const connection = await own.pool.connect(`ws://many.test:${port}/`, {
      lookup: lookup(full, '127.0.0.1'),
      timeout: 5000,
    });
    expect(connection.remoteAddress).toBe('127.0.0.1');
    expect(performance.now() - begin).toBeGreaterThan(200);
    await echoes(connection);
  });

  it('the only one hangs: time-out in TCP', async () => {
    const port = await freePort();
    const error = await rejection(
      own.pool.connect(`ws://${await hanging(port)}:${port}/`, { timeout: 300 }),
    );
    expect(error.code).toBe('ERR_HANDSHAKE_TIMEOUT');
    expect(error.details.phase).toBe('TCP');
  });

  it('all refuse: the error tells of each', async () => {
    const port = await freePort();
    const error = await rejection(
      own.pool.connect(`ws://many.test:${port}/`, { lookup: lookup('127.0.0.1', '127.0.0.2') }),
    );
    expect(error.code).toBe('ERR_CONNECTION_REFUSED');
    expect(error.details.host).toBe('many.test');
    expect(error.cause).toBeInstanceOf(AggregateError);
    expect(
      (error.cause as AggregateError).errors.map(({ code, details }) => [code, details.address]),
    ).toEqual([
      ['ERR_CONNECTION_REFUSED', '127.0.0.1'],
      ['ERR_CONNECTION_REFUSED', '127.0.0.2'],
    ]);
  });

  it('a server that refuses the upgrade is the answer: no other address is asked', async () => {
    const port = await answering((socket) => {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    });
    const error = await rejection(
      own.pool.connect(`ws://many.test:${port}/`, { lookup: lookup('127.0.0.1', '127.0.0.2') }),
    );
    expect(error.code).toBe('ERR_UPGRADE_REFUSED');
  });

  /** An address at which connections to that port are neither taken nor refused. */
  async function hanging(port: number): Promise<string> {
    const { createServer, connect } = await import('node:net');
    const address = '127.0.0.77';
    const server = createServer();
    await listenStopped(server, address, port);
    const fillers: net.Socket[] = [];
    // Two fit into the queue of a listener with a backlog of 1; the third is dropped.
    for (let i = 0; i < 4; i++) {
      const socket = connect(port, address);
      socket.on('error', () => undefined);
      fillers.push(socket);
      if (i < 2) await once(socket, 'connect');
    }
    return address;
  }

  /** Listens in another process that is stopped, so that nobody accepts. */
  async function listenStopped(_server: net.Server, address: string, port: number): Promise<void> {
    const { spawn } = await import('node:child_process');
    const { onTestFinished } = await import('vitest');
    const program = `require("net").createServer().listen({ port: ${port}, host: "${address}", backlog: 1 }, () => { console.log("ready"); })`;
    const child = spawn(process.execPath, ['-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
  }
});

describe('what comes with the answer', () => {
  const first = Buffer.concat([frame(1, 'one'), frame(2, 'two'), frame(1, 'x'.repeat(3000))]);

  it.each([
    ['plain', 'ws'],
    ['over TLS', 'wss'],
  ])('frames in the same packet: %s', async (_title, scheme) => {
    const port = await answering(
      (socket, head) => {
        socket.write(Buffer.concat([Buffer.from(switching(head)), first]));
        setImmediate(() => socket.write(frame(1, 'later')));
      },
      scheme === 'wss' ? made.valid : undefined,
    );
    for (let i = 0; i < 20; i++) {
      const connection = await own.pool.connect(`${scheme}://127.0.0.1:${port}/`, {
        tls: { ca: made.ca },
      });
      expect(await messages(connection, 4)).toEqual(['one', 'two', 'x'.repeat(3000), 'later']);
      connection.terminate();
    }
  });

  it.each([
    ['plain', 'ws'],
    ['over TLS', 'wss'],
  ])('a frame cut in the middle: %s', async (_title, scheme) => {
    const port = await answering(
      (socket, head) => {
        socket.write(Buffer.concat([Buffer.from(switching(head)), first.subarray(0, 2000)]));
        setImmediate(() => socket.write(first.subarray(2000)));
      },
      scheme === 'wss' ? made.valid : undefined,
    );
    const connection = await own.pool.connect(`${scheme}://127.0.0.1:${port}/`, {
      tls: { ca: made.ca },
    });
    expect(await messages(connection, 3)).toEqual(['one', 'two', 'x'.repeat(3000)]);
    connection.terminate();
  });

  it('a large burst', async () => {
    const count = 2000;
    const burst = Buffer.concat(Array.from({ length: count }, (_, i) => frame(1, `message ${i}`)));
    const port = await answering((socket, head) => {
      socket.write(Buffer.concat([Buffer.from(switching(head)), burst]));
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    const got = await messages(connection, count);
    expect(got).toEqual(Array.from({ length: count }, (_, i) => `message ${i}`));
    connection.terminate();
  });

  it('a greeting on a raw connection', async () => {
    const port = await tcpServer((socket) => socket.write('220 welcome'));
    for (let i = 0; i < 50; i++) {
      const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`);
      expect(String((await event(connection, 'data'))[0])).toBe('220 welcome');
      connection.terminate();
    }
  });
});

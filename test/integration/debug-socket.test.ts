import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Connection, createPool } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../fixtures/command-line.js';
import { Watcher, watch } from '../fixtures/debug-socket.js';
import { event, rejection, usePool } from '../fixtures/pool.js';
import { echo, tcpServer, wsServer } from '../fixtures/servers.js';

const own = usePool({ threads: 2 });

/** A debug socket of the pool of all tests here, in a directory of its own. */
async function listening() {
  const path = join(temporaryDirectory(), 'debug');
  const socket = await own.pool.listenDebug(path);
  onTestFinished(() => socket.close());
  return socket;
}

async function connected(url: string): Promise<Connection> {
  const connection = await own.pool.connect(url);
  onTestFinished(() => connection.terminate());
  return connection;
}

const refusal = (path: string) => rejection(own.pool.listenDebug(path));

describe('the path', () => {
  it('is of mode 0600 whatever the umask, and nothing else is left beside it', async () => {
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const { path } = await listening();
    const { mode } = statSync(path);
    expect((mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(dirname(path))).toEqual(['debug']);
  });

  it('is removed by closing, once and for all', async () => {
    const socket = await listening();
    const watcher = await watch(socket.path);
    expect(socket.observers).toBe(1);
    socket.close();
    socket.close();
    expect(await watcher.line()).toBeUndefined();
    expect(readdirSync(dirname(socket.path))).toEqual([]);
    const again = await own.pool.listenDebug(socket.path);
    again[Symbol.dispose]();
  });

  it.each(['close', 'destroy'] as const)('is removed by %s() of the pool', async (how) => {
    const directory = temporaryDirectory();
    const pool = await createPool({ threads: 1 });
    const socket = await pool.listenDebug(join(directory, 'one'));
    const watcher = await watch(socket.path);
    await pool.listenDebug(join(directory, 'two'));
    await pool[how]();
    expect(await watcher.line()).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
    expect(await rejection(pool.listenDebug(socket.path))).toMatchObject({
      code: 'ERR_POOL_CLOSED',
    });
  });

  it('is not removed where it is somebody else’s meanwhile', async () => {
    const socket = await listening();
    rmSync(socket.path);
    writeFileSync(socket.path, 'mine');
    socket.close();
    expect(readdirSync(dirname(socket.path))).toEqual(['debug']);
  });

  it('of a socket that is listened on is refused, and that one goes on', async () => {
    const { path } = await listening();
    const error = await refusal(path);
    expect(error).toMatchObject({ code: 'ERR_DEBUG_SOCKET', details: { errno: 'EADDRINUSE' } });
    expect(error.message).toContain('somebody listens there');
    expect(await new Watcher(path).line()).toMatchObject({ pid: process.pid });
    expect(readdirSync(dirname(path))).toEqual(['debug']);
  });

  it('of a socket that nobody listens on any more is taken over', async () => {
    const path = join(temporaryDirectory(), 'debug');
    // It ends without closing, so that the file stays.
    const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', program]);
    expect(statSync(path).isSocket()).toBe(true);
    const socket = await own.pool.listenDebug(path);
    onTestFinished(() => socket.close());
    expect(await new Watcher(path).line()).toMatchObject({ pid: process.pid });
  });

  it.each<[string, (directory: string) => string, string]>([
    ['that is too long', (directory) => join(directory, 'x'.repeat(108)), 'ENAMETOOLONG'],
    ['in a directory that is missing', (directory) => join(directory, 'no', 'debug'), 'ENOENT'],
    [
      'of a file that is no socket',
      (directory) => {
        writeFileSync(join(directory, 'file'), 'precious');
        return join(directory, 'file');
      },
      'EEXIST',
    ],
    [
      'that is a symbolic link',
      (directory) => {
        symlinkSync(join(directory, 'elsewhere'), join(directory, 'link'));
        return join(directory, 'link');
      },
      'EEXIST',
    ],
    [
      'in a directory in which everybody can rename',
      (directory) => {
        mkdirSync(join(directory, 'open'));
        chmodSync(join(directory, 'open'), 0o777);
        return join(directory, 'open', 'debug');
      },
      'EPERM',
    ],
    [
      'below a file',
      (directory) => {
        writeFileSync(join(directory, 'file'), '');
        return join(directory, 'file', 'debug');
      },
      'ENOTDIR',
    ],
  ])('%s is refused, and nothing is changed', async (_, make, errno) => {
    const directory = temporaryDirectory();
    const path = make(directory);
    const before = readdirSync(directory);
    expect(await refusal(path)).toMatchObject({
      code: 'ERR_DEBUG_SOCKET',
      details: { errno, unixPath: path, hint: expect.stringMatching(/\.$/) },
    });
    expect(readdirSync(directory)).toEqual(before);
  });

  it('may be a file: URL', async () => {
    const path = join(temporaryDirectory(), 'with a space');
    const socket = await own.pool.listenDebug(pathToFileURL(path));
    onTestFinished(() => socket.close());
    expect(socket.path).toBe(path);
    expect(await new Watcher(path).line()).toMatchObject({ pid: process.pid });
  });

  it.each([
    ...['', 'a\0b', 'a\nb', 7, undefined],
    ...['file://host/run/debug', 'http://host/run/debug', 'file:///a%0Ab'].map(
      (url) => new URL(url),
    ),
  ])('%s is no path', async (path) => {
    expect(await refusal(path as string)).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  });

  it('is refused where nothing is counted', async () => {
    const pool = await createPool({ threads: 1, stats: false });
    const path = join(temporaryDirectory(), 'debug');
    expect(await rejection(pool.listenDebug(path))).toMatchObject({ code: 'ERR_STATS_OFF' });
    await pool.close();
  });
});

describe('what is asked', () => {
  it('begins with a greeting', async () => {
    const { path } = await listening();
    expect(await new Watcher(path).line()).toEqual({
      'lws-pool': expect.stringMatching(/^\d+\.\d+\.\d+/),
      protocol: 1,
      pid: process.pid,
    });
  });

  it('is answered with the figures of the pool', async () => {
    const { path } = await listening();
    const watcher = await watch(path);
    const { stats } = await watcher.ask({ get: 'stats' });
    expect(stats).toMatchObject({
      connections: { open: own.pool.stats().connections.open },
      workers: [
        { worker: 0, alive: true },
        { worker: 1, alive: true },
      ],
    });
    expect(stats.each).toBeUndefined();
  });

  it('is answered with connections, sorted, filtered and cut there', async () => {
    const { path } = await listening();
    const tcp = await tcpServer((peer) => peer.resume());
    const all: Connection[] = [];
    for (let i = 0; i < 5; i++) all.push(await connected(`tcp://127.0.0.1:${tcp}`));
    for (const [i, connection] of all.entries()) {
      connection.send(Buffer.alloc(i + 1));
      await connection.flushed();
    }
    const watcher = await watch(path);
    const query = {
      get: 'connections',
      columns: ['id', 'bytesSent', 'remote', 'type', 'state'],
      filter: `127.0.0.1:${tcp}`,
      sort: 'bytesSent',
      descending: true,
    };
    const { connections } = await watcher.ask({ ...query, offset: 1, limit: 2 });
    expect(connections).toMatchObject({ total: own.pool.size, matching: 5, offset: 1 });
    expect(connections.rows).toEqual([
      [all[3]?.id, 4, `127.0.0.1:${tcp}`, 'tcp', 'open'],
      [all[2]?.id, 3, `127.0.0.1:${tcp}`, 'tcp', 'open'],
    ]);
    const upwards = await watcher.ask({ ...query, descending: false, limit: 1 });
    expect(upwards.connections.rows[0][1]).toBe(1);
    const none = await watcher.ask({ ...query, filter: 'nothing has this' });
    expect(none.connections).toMatchObject({ matching: 0, rows: [] });
    const beyond = await watcher.ask({ ...query, offset: 1e6, limit: 2 });
    expect(beyond.connections).toMatchObject({ offset: 3 });
    expect(beyond.connections.rows).toHaveLength(2);
  });

  it('is answered with rates, and with the same once more where that is wanted', async () => {
    const { path } = await listening();
    const port = await wsServer(echo);
    const connection = await connected(`ws://127.0.0.1:${port}/`);
    const watcher = await watch(path);
    const query = {
      get: 'connections',
      columns: ['messagesSentRate', 'messagesSent'],
      filter: connection.id,
    };
    const first = await watcher.ask(query);
    expect(first.connections.rows).toEqual([[null, 0]]);
    const answer = event(connection, 'message');
    connection.send('hello');
    await answer;
    const { connections } = await watcher.ask(query);
    const [[rate, sent]] = connections.rows;
    expect(sent).toBe(1);
    const seconds = (connections.at - first.connections.at) / 1e3;
    expect(rate).toBeCloseTo(1 / seconds, 5);
    connection.send('again');
    await event(connection, 'message');
    const frozen = await watcher.ask({ ...query, frozen: true });
    expect(frozen).toEqual({ connections });
  });

  it('is answered with one connection, and no query of its URL', async () => {
    const { path } = await listening();
    const port = await wsServer(echo);
    const connection = await connected(`ws://127.0.0.1:${port}/feed?token=secret`);
    const watcher = await watch(path);
    const answer = await watcher.ask({
      get: 'connection',
      id: connection.id,
      tcp: true,
      tls: true,
    });
    expect(answer.connection).toMatchObject({
      id: connection.id,
      url: `ws://127.0.0.1:${port}/feed?...`,
      remoteAddress: '127.0.0.1',
      remotePort: port,
      tcp: { state: 'ESTABLISHED', bytesAcked: expect.any(Number) },
    });
    const rows = await watcher.ask({ get: 'connections', columns: ['url'], filter: 'feed' });
    expect(rows.connections.rows).toEqual([[`ws://127.0.0.1:${port}/feed?...`]]);
    expect(JSON.stringify([answer, rows])).not.toContain('secret');
    expect(await watcher.ask({ get: 'connection', id: '9.9.9' })).toEqual({
      error: 'there is no such connection any more',
    });
  });

  it('shows connections of groups by the address of the group', async () => {
    const { path } = await listening();
    const port = await wsServer(echo);
    const handler = new URL('../fixtures/handlers/plain.mjs', import.meta.url);
    const group = await own.pool.connectMany(`ws://127.0.0.1:${port}/`, { count: 4, handler });
    onTestFinished(async () => {
      group.terminate();
      await group.closed;
    });
    await group.ready;
    const watcher = await watch(path);
    const query = { get: 'connections', columns: ['id', 'remote', 'group'], filter: `:${port}` };
    const { connections } = await watcher.ask(query);
    expect(connections.matching).toBe(4);
    const [[id, remote, number]] = connections.rows;
    expect([remote, number]).toEqual([`127.0.0.1:${port}`, group.id]);
    const { connection } = await watcher.ask({ get: 'connection', id, tcp: true });
    expect(connection).toMatchObject({ id, group: group.id, url: `ws://127.0.0.1:${port}/` });
    expect(connection.tcp).toBeUndefined();
  });

  it.each([
    'no JSON',
    '7',
    'null',
    '[]',
    '{}',
    '{"get":"everything"}',
    '{"get":"stats","set":1}',
    '{"get":"connections"}',
    '{"get":"connections","columns":[]}',
    '{"get":"connections","columns":["password"]}',
    '{"get":"connections","columns":["id"],"sort":"__proto__"}',
    '{"get":"connections","columns":["id"],"limit":1001}',
    '{"get":"connections","columns":["id"],"offset":-1}',
    '{"get":"connections","columns":["id"],"descending":1}',
    `{"get":"connections","columns":["id"],"filter":"${'x'.repeat(201)}"}`,
    '{"get":"connection"}',
    '{"get":"connection","id":7}',
  ])('wrongly, is told so, and the observer goes on: %s', async (request) => {
    const { path } = await listening();
    const watcher = await watch(path);
    expect(await watcher.ask(request)).toEqual({ error: expect.any(String) });
    expect(await watcher.ask({ get: 'stats' })).toHaveProperty('stats');
  });
});

describe('an observer', () => {
  it.each([
    ['a line without end', Buffer.alloc(100_000, 'x')],
    ['a line that is too long', Buffer.from(`{"get":"${'x'.repeat(5000)}"}\n`)],
  ])('that sends %s is sent away, others are not', async (_, bytes) => {
    const { path } = await listening();
    const other = await watch(path);
    const watcher = await watch(path);
    watcher.socket.write(bytes);
    expect(await watcher.line()).toEqual({ error: 'a request has at most 4096 bytes' });
    expect(await watcher.line()).toBeUndefined();
    expect(await other.ask({ get: 'stats' })).toHaveProperty('stats');
  });

  it('that sends bytes at random is answered with errors alone', async () => {
    const { path } = await listening();
    const watcher = await watch(path);
    const garbage = Buffer.from(
      Array.from({ length: 256 }, (_, byte) => byte).filter((b) => b !== 10),
    );
    watcher.socket.write(Buffer.concat([garbage, Buffer.from('\n')]));
    expect(await watcher.line()).toEqual({ error: 'a request is one line of JSON' });
  });

  it('that does not read makes no memory grow: what it asks for is not even read', async () => {
    const { path } = await listening();
    const [slow, other] = [await watch(path), await watch(path)];
    slow.socket.pause();
    // More than the buffers of the kernel take, there and back.
    const columns = Array(39).fill('url');
    const request = JSON.stringify({ get: 'connections', columns }).padEnd(4000);
    const count = 500;
    for (let i = 0; i < count; i++) slow.socket.write(`${request}\n`);
    // The pool answers both of them in turns, until the slow one has its fill: then nothing more is taken
    // from it, for longer than the answers to one read of 64 KB last.
    const turns = 3 * (65_536 / request.length);
    for (let since = 0, before = -1; since < turns; ) {
      expect(await other.ask({ get: 'stats' })).toHaveProperty('stats');
      const left = slow.socket.writableLength;
      since = left === before ? since + 1 : 0;
      before = left;
    }
    expect(slow.socket.writableLength).toBeGreaterThan(0);
    // It reads on: every request is answered, none was lost.
    slow.socket.resume();
    for (let i = 0; i < count; i++) expect(await slow.line()).toHaveProperty('connections');
  });

  it('that goes in the middle of its answer harms nobody', async () => {
    const { path } = await listening();
    const other = await watch(path);
    for (let round = 0; round < 20; round++) {
      const watcher = await watch(path);
      watcher.socket.write('{"get":"stats"}\n'.repeat(50));
      await once(watcher.socket, 'data');
      watcher.socket.destroy();
    }
    expect(await other.ask({ get: 'stats' })).toHaveProperty('stats');
  });

  it('that ends its side after a request still gets the answer', async () => {
    const { path } = await listening();
    const watcher = await watch(path);
    watcher.socket.end('{"get":"stats"}\n');
    expect(await watcher.line()).toHaveProperty('stats');
    expect(await watcher.line()).toBeUndefined();
  });

  it('beyond sixteen is told so', async () => {
    const socket = await listening();
    const watchers = await Promise.all(Array.from({ length: 16 }, () => watch(socket.path)));
    const late = new Watcher(socket.path);
    expect(await late.line()).toEqual({ error: 'there are 16 observers, and no more can be' });
    expect(await late.line()).toBeUndefined();
    expect(socket.observers).toBe(16);
    const first = watchers[0] as Watcher;
    first.socket.destroy();
    await once(first.socket, 'close');
    // Its place is free once this process has seen it go.
    let greeting: object | undefined;
    while (greeting === undefined || 'error' in greeting) {
      greeting = await new Watcher(socket.path).line();
    }
    expect(greeting).toHaveProperty('lws-pool');
  });
});

it('a server of somebody else at the path stays as it is', async () => {
  const path = join(temporaryDirectory(), 'other');
  const server = createServer((peer) => peer.end('other'));
  server.listen(path);
  await once(server, 'listening');
  expect(await refusal(path)).toMatchObject({ details: { errno: 'EADDRINUSE' } });
  const peer = new Watcher(path).socket;
  expect(String((await once(peer, 'data'))[0])).toBe('other');
  server.close();
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type net from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createPool, type Pool, type WarningOptions } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import { open } from '../fixtures/leases.js';
import { event } from '../fixtures/pool.js';
import { afterUpgrade, echo, frame, tcpServer, wsServer } from '../fixtures/servers.js';
import { collectWarnings, processWarnings, warned } from '../fixtures/warnings.js';

async function poolWith(warnings: WarningOptions): Promise<Pool> {
  const pool = await createPool({ threads: 1, warnings: { interval: 10, ...warnings } });
  onTestFinished(() => pool.destroy());
  return pool;
}

const handler = (name: string) => new URL(`../fixtures/handlers/${name}.mjs`, import.meta.url);

describe('SEND_QUEUE_GROWING', () => {
  const queuedBytes = 100_000;

  it.each(['ws', 'tcp', 'wss TLSv1.3'] as const)('%s', async (wire) => {
    const pool = await poolWith({ queuedBytes });
    const { connection, peer } = await open(pool, wire);
    peer.pause();
    const all = collectWarnings(pool);
    const warning = warned(pool, 'SEND_QUEUE_GROWING');
    for (let i = 0; i < 64; i++) connection.send(Buffer.alloc(1024 * 1024));
    const { connection: id, worker, details, message, suppressed, at } = await warning;
    expect({ id, worker, suppressed }).toEqual({
      ...{ id: connection.id, worker: connection.worker, suppressed: 0 },
    });
    expect(details.queuedBytes).toBeGreaterThan(queuedBytes);
    expect(message).toContain('Stop sending when send() answers false');
    expect(Math.abs(at - Date.now())).toBeLessThan(10_000);
    // It goes on, and nothing else is said of it.
    const flushed = connection.flushed();
    peer.resume();
    await flushed;
    expect(all).toHaveLength(1);
  });

  it("of a group's connections, in their worker", async () => {
    const pool = await poolWith({ queuedBytes });
    const port = await afterUpgrade((peer) => peer.pause());
    const warning = warned(pool, 'SEND_QUEUE_GROWING');
    const url = `ws://127.0.0.1:${port}/`;
    await pool.connectMany(url, { count: 1, handler: handler('pausing'), data: 'send' });
    const { connection, worker } = await warning;
    expect(connection).toMatch(/^\d+\.\d+\.\d+$/);
    expect(worker).toBe(0);
  });
});

describe('CONNECTION_UNREAD', () => {
  it.each(['ws', 'tcp'] as const)('messages that nobody listens for: %s', async (wire) => {
    const pool = await poolWith({ unreadAfter: 50 });
    const { connection, peer } = await open(pool, wire);
    const warning = warned(pool, 'CONNECTION_UNREAD');
    peer.write(wire === 'ws' ? frame(1, 'hello') : 'hello');
    const { connection: id, worker, details, message } = await warning;
    expect({ id, worker }).toEqual({ id: connection.id, worker: 0 });
    expect(details).toMatchObject({ messages: 1, unread: 0, paused: false });
    expect(details.unreadFor).toBeGreaterThanOrEqual(50);
    expect(message).toContain('nobody listens');
    // It is still there.
    const [data] = await event(connection, wire === 'ws' ? 'message' : 'data');
    expect(data.toString()).toBe('hello');
  });

  it('what waits in the kernel of a connection that is paused, and not where nothing does', async () => {
    const pool = await poolWith({ unreadAfter: 50 });
    const idle = await open(pool, 'tcp');
    const unread = await open(pool, 'tcp');
    const all = collectWarnings(pool);
    for (const { connection } of [idle, unread]) {
      connection.on('data', () => undefined);
      connection.pause();
    }
    const warning = warned(pool, 'CONNECTION_UNREAD');
    // Once it is paused in the worker as well.
    await idle.connection.flushed();
    await unread.connection.flushed();
    unread.peer.write('hello');
    const { details, message } = await warning;
    expect(details).toMatchObject({ messages: 0, unread: 5, paused: true });
    expect(message).toContain('resume()');
    expect(all.map(({ connection }) => connection)).toEqual([unread.connection.id]);
  });

  it('of connections that a handler has paused', async () => {
    const pool = await poolWith({ unreadAfter: 50 });
    const peers: net.Socket[] = [];
    const port = await tcpServer((peer) => peers.push(peer));
    const warning = warned(pool, 'CONNECTION_UNREAD');
    const url = `tcp://127.0.0.1:${port}`;
    const options = { count: 1, handler: handler('pausing'), data: 'pause' };
    const group = await pool.connectMany(url, options);
    await group.ready;
    // What comes before the pause is read: this goes on until something comes after it.
    const writing = setInterval(() => peers[0]?.write('hello'), 5);
    onTestFinished(() => clearInterval(writing));
    const { details, worker } = await warning;
    expect(worker).toBe(0);
    expect(details.paused).toBe(true);
    expect(details.unread).toBeGreaterThan(0);
  });
});

/** A peer that vanishes, see programs/vanishing-peer.py. */
async function vanishingPeer() {
  const program = fileURLToPath(new URL('../fixtures/programs/vanishing-peer.py', import.meta.url));
  const child = spawn('python3', [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill());
  const lines = createInterface(child.stdout);
  const [port] = await once(lines, 'line');
  const tell = async (what: string) => {
    const done = once(lines, 'line');
    child.stdin.write(`${what}\n`);
    await done;
  };
  return { url: `tcp://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}/`, tell };
}

describe('PEER_UNRESPONSIVE', () => {
  it('a peer that is gone without a word, and not one that does not read', async () => {
    const pool = await poolWith({ unresponsiveAfter: 400 });
    const { url, tell } = await vanishingPeer();
    const connection = await pool.connect(url);
    const answer = event(connection, 'data');
    connection.send('are you there?');
    await answer;
    // Its kernel answers, window after window of no bytes.
    const full = await open(pool, 'tcp');
    full.peer.pause();
    full.connection.send(Buffer.alloc(32 * 1024 * 1024));
    const all = collectWarnings(pool);
    await tell('vanish');
    const warning = warned(pool, 'PEER_UNRESPONSIVE');
    connection.send('and now?');
    const { connection: id, details, message } = await warning;
    expect(id).toBe(connection.id);
    expect(details.unacked).toBeGreaterThan(0);
    expect(details.retransmits).toBeGreaterThan(0);
    expect(details.unresponsiveFor).toBeGreaterThanOrEqual(400);
    expect(message).toContain('terminate()');
    // The way is there again: what was sent arrives, and the connection is as good as ever.
    const again = event(connection, 'data');
    await tell('come back');
    expect((await again)[0].toString()).toBe('and now?');
    expect(all.filter(({ code }) => code === 'PEER_UNRESPONSIVE')).toHaveLength(1);
  });
});

it('PEER_UNRESPONSIVE is found by pings alone, where nothing acknowledges them', async () => {
  const pool = await poolWith({ unresponsiveAfter: 400 });
  const { ws, tell } = await vanishingPeer();
  const gone = await pool.connect(ws);
  // It answers no ping either, but its kernel lives.
  const { connection: busy } = await open(pool, 'ws');
  const all = collectWarnings(pool);
  await tell('vanish');
  const warning = warned(pool, 'PEER_UNRESPONSIVE');
  busy.ping();
  gone.ping();
  expect((await warning).connection).toBe(gone.id);
  expect(all.map(({ connection }) => connection)).toEqual([gone.id]);
  for (const { pings } of [gone.stats(), busy.stats()]) {
    expect(pings).toMatchObject({ sent: 1, answered: 0 });
  }
});

it('connections in heavy traffic are not warned about, at limits that are low', async () => {
  const pool = await poolWith({
    ...{ interval: 1, blockedAfter: 1_000, unreadAfter: 300, unresponsiveAfter: 300 },
    queuedBytes: 4 * 1024 * 1024,
  });
  const all = collectWarnings(pool);
  const shown = processWarnings();
  const port = await wsServer(echo);
  const rounds = 400;
  /** Listens; iterates, with pauses; a stream, whose high-water mark is always passed. */
  const ways = {
    async listens() {
      const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
      for (let i = 0; i < rounds; i++) {
        const answer = event(connection, 'message');
        connection.send(Buffer.alloc(64 * 1024));
        await answer;
      }
    },
    async iterates() {
      const connection = await pool.connect(`ws://127.0.0.1:${port}/`, { highWaterMark: 1024 });
      for (let i = 0; i < rounds; i++) connection.send(Buffer.alloc(4096));
      let count = 0;
      for await (const _ of connection) {
        await new Promise(setImmediate);
        if (++count === rounds) break;
      }
    },
    async streams() {
      const connection = await pool.connect(`ws://127.0.0.1:${port}/`, { highWaterMark: 1024 });
      const stream = connection.stream();
      stream.write(Buffer.alloc(64));
      for (let i = 0; i < rounds; i++) {
        const [data] = await once(stream, 'data');
        stream.write(data);
      }
      stream.destroy();
    },
  };
  const users = Object.values(ways).flatMap((way) => [way, way, way]);
  await Promise.all(users.map((way) => way()));
  expect(all).toEqual([]);
  expect(shown).toEqual([]);
});

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ending, event, rejection, usePool } from '../fixtures/pool.js';
import { afterUpgrade, flood, frame, tcpServer } from '../fixtures/servers.js';

const own = usePool();

/** CPU time of all threads of this process, in ticks of 10 ms. */
function ticks(): number {
  let sum = 0;
  for (const task of readdirSync('/proc/self/task')) {
    const fields = readFileSync(`/proc/self/task/${task}/stat`, 'utf8').split(') ')[1]?.split(' ');
    sum += Number(fields?.[11]) + Number(fields?.[12]);
  }
  return sum;
}

/** The share of a core that this process takes while nothing should happen. */
async function load(milliseconds: number): Promise<number> {
  const before = ticks();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return ((ticks() - before) * 10) / milliseconds;
}

/** A server that opens the WebSocket and reads only when it is told to. */
async function deaf(): Promise<{ port: number; socket: () => net.Socket }> {
  let socket: net.Socket | undefined;
  const port = await afterUpgrade((accepted) => {
    accepted.pause();
    socket = accepted;
  });
  return {
    port,
    socket: () => {
      if (socket === undefined) throw new Error('no socket');
      return socket;
    },
  };
}

describe('a peer that does not read', () => {
  it('send() answers false, bufferedAmount grows, drain comes when it reads', async () => {
    const { port, socket } = await deaf();
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, {
      highWaterMark: 100_000,
    });
    const chunk = Buffer.alloc(50_000);
    expect(connection.send(chunk)).toBe(true);
    expect(connection.bufferedAmount).toBe(50_000);
    await connection.flushed();
    expect(connection.bufferedAmount).toBe(0);

    let drained = 0;
    const drain = event(connection, 'drain');
    connection.on('drain', () => {
      drained++;
      expect(connection.bufferedAmount).toBe(0);
    });
    for (let i = 0; i < 400; i++) connection.send(chunk);
    expect(connection.send(chunk)).toBe(false);
    let flushed = false;
    const all = connection.flushed().then(() => {
      flushed = true;
    });
    expect(await load(300)).toBeLessThan(0.5);
    expect(connection.bufferedAmount).toBeGreaterThan(1_000_000);
    expect([drained, flushed]).toEqual([0, false]);

    socket().resume();
    await all;
    await drain;
    expect(drained).toBe(1);
    expect(connection.send('more')).toBe(true);
    connection.terminate();
  });

  it('flushed() rejects where the connection ends before', async () => {
    const { port, socket } = await deaf();
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    connection.send(Buffer.alloc(20_000_000));
    const flushed = rejection(connection.flushed());
    socket().resetAndDestroy();
    expect((await flushed).code).toBe('ERR_CONNECTION_LOST');
    expect(connection.readyState).toBe(3);
  });

  it('what others send arrives meanwhile, and it can be terminated', async () => {
    const { port } = await deaf();
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    const end = ending(connection);
    connection.send(Buffer.alloc(20_000_000));
    connection.terminate();
    expect(await end).toMatchObject({ code: 1006, error: undefined });
  });

  it('drain comes only when all is gone, also what was sent after it was due', async () => {
    const { port, socket } = await deaf();
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { highWaterMark: 1000 });
    connection.send(Buffer.alloc(2000));
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 200; i++) connection.send(Buffer.alloc(100_000));
    let amount = -1;
    connection.on('drain', () => {
      amount = connection.bufferedAmount;
    });
    socket().resume();
    await event(connection, 'drain');
    expect(amount).toBe(0);
    connection.terminate();
  });
});

const MESSAGE = frame(2, Buffer.alloc(60_000));

/** Resolves when the server has been unable to write for a while. */
async function stuck(flooding: { written: () => number }): Promise<number> {
  for (let last = -1; flooding.written() !== last; ) {
    last = flooding.written();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return flooding.written();
}

const LIMIT = 40_000_000;

describe('a consumer that does not read', () => {
  const stops: (() => void)[] = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  async function flooded(options = {}) {
    let flooding: ReturnType<typeof flood> | undefined;
    const port = await afterUpgrade((socket) => {
      flooding = flood(socket, MESSAGE);
      stops.push(flooding.stop);
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, options);
    if (flooding === undefined) throw new Error('no socket');
    return { connection, flooding };
  }

  it('pause() stops the server, resume() lets it go on', async () => {
    const { connection, flooding } = await flooded();
    let received = 0;
    connection.on('message', (data) => {
      received += data.length;
    });
    await event(connection, 'message');
    connection.pause();
    expect(connection.isPaused).toBe(true);
    const written = await stuck(flooding);
    expect(written).toBeLessThan(LIMIT);
    const before = received;
    expect(await load(200)).toBeLessThan(0.5);
    expect(received).toBe(before);
    connection.resume();
    await event(connection, 'message');
    while (received < written) await event(connection, 'message');
    connection.terminate();
  });

  it('nobody listens: no more than the high-water mark is held', async () => {
    const { connection, flooding } = await flooded();
    const before = process.memoryUsage().rss;
    expect(await stuck(flooding)).toBeLessThan(LIMIT);
    expect(process.memoryUsage().rss - before).toBeLessThan(LIMIT);
    connection.terminate();
  });

  it('a slow loop holds the server back', async () => {
    const { connection, flooding } = await flooded();
    let count = 0;
    for await (const { data } of connection) {
      expect(data.length).toBe(60_000);
      if (++count === 3) expect(await stuck(flooding)).toBeLessThan(LIMIT);
      if (count === 1000) break;
    }
    expect(connection.readyState).toBeGreaterThan(1);
  });

  it('a loop that begins late and stays slow does, too', async () => {
    const { connection, flooding } = await flooded();
    const first = await stuck(flooding);
    const loop = connection[Symbol.asyncIterator]();
    await loop.next();
    const second = await stuck(flooding);
    expect(second - first).toBeLessThan(10_000_000);
    await loop.return?.();
  });

  it('pause() before the first listener holds', async () => {
    const { connection, flooding } = await flooded();
    await stuck(flooding);
    connection.pause();
    let received = 0;
    connection.on('message', () => received++);
    await new Promise((resolve) => setImmediate(resolve));
    const before = received;
    await stuck(flooding);
    expect(received).toBe(before);
    connection.terminate();
  });

  it('a slow stream holds the server back', async () => {
    const { connection, flooding } = await flooded();
    const stream = connection.stream();
    await once(stream, 'readable');
    expect(await stuck(flooding)).toBeLessThan(LIMIT);
    stream.destroy();
    await once(stream, 'close');
  });
});

describe('full buffers', () => {
  it('a peer that sends without reading does not stop what it sends', async () => {
    const { port, socket } = await deaf();
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    connection.send(Buffer.alloc(20_000_000));
    expect(await load(300)).toBeLessThan(0.5);
    let received = 0;
    connection.on('message', (data) => {
      received += data.length;
    });
    for (let i = 0; i < 100; i++) socket().write(frame(2, Buffer.alloc(100_000)));
    while (received < 10_000_000) await event(connection, 'message');
    expect(await load(300)).toBeLessThan(0.5);
    expect(connection.bufferedAmount).toBeGreaterThan(1_000_000);
    connection.terminate();
  });

  it('a consumer that sends without reading does not stop what it sends', async () => {
    let taken = 0;
    const port = await afterUpgrade((socket) => {
      const flooding = flood(socket, MESSAGE);
      socket.on('data', (data) => {
        taken += data.length;
        if (taken > 10_000_000) flooding.stop();
      });
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    connection.pause();
    for (let i = 0; i < 110; i++) connection.send(Buffer.alloc(100_000));
    await connection.flushed();
    expect(await load(300)).toBeLessThan(0.5);
    connection.terminate();
  });

  it('pings without end are answered without a queue without end', async () => {
    const { port, socket } = await deaf();
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    let pings = 0;
    connection.on('ping', () => pings++);
    const burst = Buffer.concat(Array.from({ length: 5000 }, () => frame(9, Buffer.alloc(125))));
    for (let i = 0; i < 20; i++) socket().write(burst);
    while (pings < 100_000) await event(connection, 'ping');
    expect(connection.bufferedAmount).toBeLessThan(1_000_000);
    connection.terminate();
  });

  it('both of a raw connection, and a peer that resets while nobody reads', async () => {
    let socket: net.Socket | undefined;
    const port = await tcpServer((accepted) => {
      socket = accepted;
      accepted.pause();
      accepted.write(Buffer.alloc(20_000_000));
    });
    const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`);
    connection.pause();
    connection.send(Buffer.alloc(20_000_000));
    expect(await load(300)).toBeLessThan(0.5);
    const end = ending(connection);
    socket?.resetAndDestroy();
    expect(await load(300)).toBeLessThan(0.5);
    connection.resume();
    expect((await end).code).toBe(1006);
  });
});

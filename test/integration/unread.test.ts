import { once } from 'node:events';
import type { Connection, Pool, PoolOptions } from 'lws-pool';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createAuthority } from '../fixtures/certificates.js';
import { ending, event, poolUnderTest } from '../fixtures/pool.js';
import { afterUpgrade, flood, frame, wsServer } from '../fixtures/servers.js';

/** What a connection may hold unread, whoever does not read it: docs/memory.md. */

let made: Awaited<ReturnType<typeof createAuthority>>;
beforeAll(async () => {
  made = await createAuthority();
});

/** Resolves once the connection has read nothing for a while. */
async function still(connection: Connection): Promise<number> {
  for (let last = -1; ; ) {
    const read = connection.stats().bytesReceived;
    if (read === last && read > 0) return read;
    last = read;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function own(options: PoolOptions): Promise<Pool> {
  const pool = await poolUnderTest({ tls: { ca: made.ca }, ...options });
  onTestFinished(() => pool.destroy());
  return pool;
}

const MESSAGE = 1024;
const BURST = Buffer.concat(Array.from({ length: 60 }, () => frame(2, Buffer.alloc(MESSAGE))));

async function flooded(scheme: string, highWaterMark: number, bytes = BURST, options = {}) {
  const secure = scheme === 'wss' ? made.valid : undefined;
  const port = await afterUpgrade((socket) => void flood(socket, bytes), secure);
  const pool = await own(options);
  return pool.connect(`${scheme}://127.0.0.1:${port}/`, { highWaterMark, closeTimeout: 300 });
}

/** The mark, one read, and the message that was being put together. */
function bound(highWaterMark: number): number {
  return highWaterMark + Math.max(highWaterMark, 16 * 1024) + MESSAGE;
}

describe.each(['ws', 'wss'])('%s: what may be held unread', (scheme) => {
  describe.each([1024, 64 * 1024])('with a highWaterMark of %i', (mark) => {
    it('nobody listens', async () => {
      const connection = await flooded(scheme, mark);
      expect(await still(connection)).toBeLessThanOrEqual(bound(mark));
    });

    it('it is paused: nothing comes any more, and what was read is held', async () => {
      const connection = await flooded(scheme, mark);
      let got = 0;
      connection.on('message', (data) => {
        got += data.length;
      });
      await event(connection, 'message');
      connection.pause();
      const before = got;
      const held = (await still(connection)) - before;
      expect(got).toBe(before);
      // Headers of frames were read as well.
      expect(held - got / 100).toBeLessThanOrEqual(bound(mark));
      connection.resume();
      await event(connection, 'message');
    });

    it('a loop is slow', async () => {
      const connection = await flooded(scheme, mark);
      const loop = connection[Symbol.asyncIterator]();
      await loop.next();
      expect(await still(connection)).toBeLessThanOrEqual(bound(mark) + MESSAGE);
      for (let i = 0; i < 1000; i++) await loop.next();
      await loop.return?.();
    });

    it('a stream is slow', async () => {
      const connection = await flooded(scheme, mark);
      const stream = connection.stream();
      await once(stream, 'readable');
      const own = stream.readableHighWaterMark + MESSAGE;
      expect(await still(connection)).toBeLessThanOrEqual(bound(mark) + own);
      stream.destroy();
    });

    it.each(['listens', 'pauses', 'loops'])(
      'it is closed, and nobody %s: what comes is discarded',
      async (how) => {
        const connection = await flooded(scheme, mark);
        const loop = how === 'loops' ? connection[Symbol.asyncIterator]() : undefined;
        void loop?.next();
        if (how === 'pauses') {
          connection.on('message', () => undefined);
          connection.pause();
        }
        const before = await still(connection);
        const end = ending(connection);
        await connection.close(1000);
        // Its peer never answers.
        expect((await end).error?.code).toBe('ERR_CLOSE_TIMEOUT');
        const { messagesReceived, messagesDiscarded, bytesReceived } = connection.stats();
        expect(bytesReceived).toBeGreaterThan(before);
        expect(messagesDiscarded).toBeGreaterThan(0);
        const kept = (messagesReceived - messagesDiscarded) * MESSAGE;
        expect(kept).toBeLessThanOrEqual(bound(mark) + MESSAGE);
      },
    );
  });

  it('empty messages count as well', async () => {
    const empty = Buffer.concat(Array.from({ length: 5000 }, () => frame(2, '')));
    const connection = await flooded(scheme, 64 * 1024, empty);
    await still(connection);
    // What one read brings, and what a log may hold that others share.
    expect(connection.stats().messagesReceived).toBeLessThan(70_000);
  });
});

describe('maxUnread', () => {
  it('bounds what all hold together, and stops nobody who reads', async () => {
    const port = await afterUpgrade((socket) => void flood(socket, BURST));
    const pool = await own({ maxUnread: 256 * 1024 });
    const options = { highWaterMark: 1 << 20 };
    const open = () => pool.connect(`ws://127.0.0.1:${port}/`, options);
    const idle = await Promise.all(Array.from({ length: 20 }, open));
    const read = await Promise.all(idle.map(still));
    const sum = read.reduce((total, bytes) => total + bytes);
    // One read of each, and half a ceiling that was not reached yet.
    expect(sum).toBeLessThan(256 * 1024 + 20 * (128 * 1024 + MESSAGE));

    const reader = await open();
    let got = 0;
    reader.on('message', (data) => {
      got += data.length;
    });
    while (got < 4 << 20) await event(reader, 'message');
    // Those that read what they hold go on as well.
    for (const connection of idle) connection.on('message', () => undefined);
    const [first] = idle as [Connection];
    const before = first.stats().bytesReceived;
    while (first.stats().bytesReceived === before) await event(first, 'message');
  });

  it('a connection that ends gives back what it held', async () => {
    const port = await afterUpgrade((socket) => void flood(socket, BURST));
    const pool = await own({ maxUnread: 256 * 1024 });
    const open = () => pool.connect(`ws://127.0.0.1:${port}/`, { highWaterMark: 1 << 20 });
    const first = await open();
    await still(first);
    const second = await open();
    const before = await still(second);
    first.terminate();
    while (second.stats().bytesReceived === before) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
});

describe('where several hold back', () => {
  it.each([undefined, 0, 64 * 1024])(
    'with maxUnread %s, all who read get all, and close at once',
    async (maxUnread) => {
      const count = 1500;
      const port = await wsServer((peer) => {
        let sent = 0;
        const more = () => {
          for (let i = 0; i < 100 && sent < count; i++, sent++) {
            peer.send(Buffer.alloc(sent % 5 === 0 ? 0 : 250));
          }
          if (sent < count) setImmediate(more);
        };
        more();
      });
      const pool = await own({ ...(maxUnread !== undefined && { maxUnread }) });
      // Nobody waits for so long: what is read late makes the test late.
      const options = { highWaterMark: 20_000, closeTimeout: 600_000 };
      for (let round = 0; round < 4; round++) {
        const open = () => pool.connect(`ws://127.0.0.1:${port}/`, options);
        const readers = await Promise.all(Array.from({ length: 8 }, open));
        const idle = await open();
        const held = idle[Symbol.asyncIterator]();
        void held.next();
        await Promise.all(
          readers.map(async (connection, reader) => {
            const loop = connection[Symbol.asyncIterator]();
            for (let i = 0; i < count; i++) {
              await loop.next();
              if ((i * 7 + reader) % 211 === 0) await new Promise((go) => setTimeout(go, 1));
            }
            const end = ending(connection);
            await connection.close(1000);
            expect(await end).toMatchObject({ code: 1000, error: undefined });
          }),
        );
        idle.terminate();
      }
    },
  );
});

describe('two loops over one connection', () => {
  it('get each message each', async () => {
    const all = Array.from({ length: 500 }, (_, i) => frame(1, `${i}`));
    const port = await afterUpgrade((socket) => void socket.write(Buffer.concat(all)));
    const pool = await own({});
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
    const [one, other] = [connection[Symbol.asyncIterator](), connection[Symbol.asyncIterator]()];
    const first = Number((await one.next()).value?.data);
    // The other one began before anything was told.
    for (let i = first + 1; i < 500; i++) expect(Number((await one.next()).value?.data)).toBe(i);
    const begin = Number((await other.next()).value?.data);
    for (let i = begin + 1; i < 500; i++) expect(Number((await other.next()).value?.data)).toBe(i);
    await one.return?.();
    await other.return?.();
  });
});

describe('pause()', () => {
  it('and resume() in a listener do not let the end overtake what is held', async () => {
    const port = await wsServer((peer) => {
      for (let i = 0; i < 5; i++) peer.send(`${i}`);
      peer.close(1000);
    });
    const pool = await own({});
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
    connection.pause();
    const events: string[] = [];
    connection.on('message', (data) => {
      events.push(String(data));
      connection.pause();
      connection.resume();
    });
    connection.on('close', () => events.push('close'));
    await still(connection);
    connection.resume();
    while (events.at(-1) !== 'close') await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual(['0', '1', '2', '3', '4', 'close']);
  });

  it('loses nothing of a connection that was over before anybody could listen', async () => {
    const all = [0, 1, 2].map((i) => frame(1, `${i}`));
    const bye = Buffer.from([0x88, 2, 0x03, 0xe8]);
    const port = await afterUpgrade((socket) => void socket.end(Buffer.concat([...all, bye])));
    const pool = await own({});
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
    connection.pause();
    const events: string[] = [];
    connection.on('message', (data) => events.push(String(data)));
    connection.on('close', (code) => events.push(`close ${code}`));
    while (!events.at(-1)?.startsWith('close')) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(events).toEqual(['0', '1', '2', 'close 1000']);
  });

  it('holds what was read before; it comes in order with resume(), or before the end', async () => {
    const all = Array.from({ length: 1000 }, (_, i) => frame(1, `${i}`));
    const port = await afterUpgrade((socket) => void socket.write(Buffer.concat(all)));
    const pool = await own({});
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`);
    const got: number[] = [];
    connection.on('message', (data) => {
      got.push(Number(data));
      if (got.length % 100 === 0) connection.pause();
    });
    await still(connection);
    expect(got.length).toBe(100);
    connection.resume();
    await event(connection, 'message');
    while (!connection.isPaused) await event(connection, 'message');
    expect(got.length).toBe(200);
    const end = ending(connection);
    connection.terminate();
    await end;
    expect(got).toEqual([...Array(got.length).keys()]);
    expect(got.length).toBe(1000);
  });
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Connection, createPool } from 'lws-pool';
import { createTarget } from 'lws-pool/target';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  compressing,
  deflated,
  type Random,
  RSV1,
  randomSeed,
  takingOver,
} from '../fixtures/deflate.js';
import { ending, event, messages, rejection, usePool } from '../fixtures/pool.js';
import { afterUpgrade, answering, echo, frame, switching, wsServer } from '../fixtures/servers.js';

const run = promisify(execFile);
const own = usePool();

function connect(port: number, compression: object | boolean = true, options: object = {}) {
  return own.pool.connect(`ws://127.0.0.1:${port}/`, { ...options, compression });
}

/** JSON of about that size. */
function json(random: Random, size: number): string {
  const rows: object[] = [];
  for (let length = 2; length < size; length += 60) {
    rows.push({
      id: random.below(1e6),
      symbol: `S${random.below(50)}`,
      price: random.below(1e5) / 100,
    });
  }
  return JSON.stringify(rows).slice(0, Math.max(0, size));
}

/** Sends them all, and returns what came back. */
async function roundTrip(connection: Connection, texts: readonly string[]): Promise<string[]> {
  const answers = messages(connection, texts.length);
  for (const text of texts) connection.send(text);
  return answers;
}

const TAKEOVERS = [
  {},
  { serverNoContextTakeover: true },
  { clientNoContextTakeover: true },
  { serverNoContextTakeover: true, clientNoContextTakeover: true },
];

describe('with ws as the server', () => {
  it.each(
    TAKEOVERS.flatMap((takeover) =>
      [9, 12, 15].flatMap((bits) => [
        { ...takeover, serverMaxWindowBits: bits },
        { ...takeover, clientMaxWindowBits: bits },
      ]),
    ),
  )('%j: messages of any size come back', async (compression) => {
    const random = randomSeed();
    const port = await wsServer(echo, { perMessageDeflate: { threshold: 0 } });
    const connection = await connect(port, { ...compression, threshold: 0 });
    expect(connection.extensions).toMatch(/^permessage-deflate/);
    const texts = Array.from({ length: 60 }, () => json(random, random.below(3000)));
    texts.push('', json(random, 200_000), 'x'.repeat(500_000), json(random, 70_000));
    expect(await roundTrip(connection, texts)).toEqual(texts);
    const { sent, received } = connection.stats().compression;
    // Without a context, a message that does not get smaller is sent as it is.
    const all = texts.join('').length;
    expect(sent.inflatedBytes).toBeLessThanOrEqual(all);
    expect(sent.inflatedBytes).toBeGreaterThan(all - 60 * 100);
    expect(received.inflatedBytes).toBe(all);
    expect(sent.ratio).toBeGreaterThan(2);
    expect(received.ratio).toBeGreaterThan(2);
    await connection.close();
  });

  it('a server that wants no takeover, and a small window', async () => {
    const port = await wsServer(echo, {
      perMessageDeflate: {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 9,
        clientMaxWindowBits: 9,
      },
    });
    const connection = await connect(port);
    expect(connection.extensions).toContain('client_max_window_bits=9');
    const random = randomSeed();
    const texts = Array.from({ length: 20 }, () => json(random, 2000));
    expect(await roundTrip(connection, texts)).toEqual(texts);
    await connection.close();
  });

  it('a server that does not compress is taken as it is', async () => {
    const port = await wsServer(echo);
    const connection = await connect(port);
    expect(connection.extensions).toBe('');
    const text = 'a'.repeat(5000);
    expect(await roundTrip(connection, [text])).toEqual([text]);
    expect(connection.stats().compression.sent).toEqual({
      bytes: 0,
      inflatedBytes: 0,
      ratio: undefined,
    });
    await connection.close();
  });

  it('without the option nothing is offered', async () => {
    let offered: string | undefined = 'none seen';
    const port = await wsServer(
      (peer, request) => {
        offered = request.headers['sec-websocket-extensions'];
        echo(peer);
      },
      { perMessageDeflate: true },
    );
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    await roundTrip(connection, ['x']);
    expect(offered).toBeUndefined();
    await connection.close();
  });

  it('small messages, and those that are not to be compressed, are not', async () => {
    const port = await wsServer(echo, { perMessageDeflate: { threshold: 1e9 } });
    const connection = await connect(port, { threshold: 100 });
    const answers = messages(connection, 3);
    connection.send('a'.repeat(99));
    connection.send('a'.repeat(1000), { compress: false });
    connection.send('a'.repeat(100));
    await answers;
    expect(connection.stats().compression.sent.inflatedBytes).toBe(100);
    expect(own.pool.stats().compression.sent.inflatedBytes).toBeGreaterThanOrEqual(100);
    await connection.close();
  });

  it('handlers compress as the main thread does', async () => {
    const port = await wsServer(echo, { perMessageDeflate: { threshold: 0 } });
    const texts = ['one '.repeat(500), 'two '.repeat(500)];
    const group = await own.pool.connectMany(`ws://127.0.0.1:${port}/`, {
      count: 3,
      compression: true,
      handler: new URL('../fixtures/handlers/compressing.mjs', import.meta.url),
      data: { texts },
    });
    const got: { text: string; extensions: string }[] = [];
    group.on('post', (value) => got.push(value as never));
    while (got.length < 12) await event(group, 'post');
    for (const { extensions } of got) expect(extensions).toMatch(/^permessage-deflate/);
    const expected = [...texts, texts[0], texts.join('')];
    expect(got.map(({ text }) => text).sort()).toEqual(
      [...expected, ...expected, ...expected].sort(),
    );
    group.broadcast('three '.repeat(500));
    group.broadcast('four '.repeat(500), { compress: false });
    while (got.length < 18) await event(group, 'post');
    await group.close();
  });
});

describe('with the target as the server', () => {
  it.each(TAKEOVERS)('%j: both sides compress', async (compression) => {
    const target = await createTarget({ compression: { ...compression, threshold: 0 } });
    onTestFinished(() => target.close());
    const connection = await own.pool.connect(target.urls[0] as string, {
      compression: { threshold: 0 },
    });
    const random = randomSeed();
    const texts = Array.from({ length: 50 }, () => json(random, random.below(5000)));
    expect(await roundTrip(connection, texts)).toEqual(texts);
    expect(connection.stats().compression.received.ratio).toBeGreaterThan(2);
    await connection.close();
  });

  it('a target without the option declines', async () => {
    const target = await createTarget();
    onTestFinished(() => target.close());
    const connection = await own.pool.connect(target.urls[0] as string, { compression: true });
    expect(connection.extensions).toBe('');
    await connection.close();
  });

  it('and a client of ws may use it', async () => {
    const { WebSocket } = await import('ws');
    const target = await createTarget({ compression: { threshold: 0 } });
    onTestFinished(() => target.close());
    const client = new WebSocket(target.urls[0] as string, {
      perMessageDeflate: { threshold: 0, clientMaxWindowBits: 10, serverMaxWindowBits: 11 },
    });
    await event(client, 'open');
    expect(client.extensions).toContain('permessage-deflate');
    const random = randomSeed();
    for (let i = 0; i < 20; i++) {
      const text = json(random, random.below(5000));
      client.send(text);
      expect(String((await event(client, 'message'))[0])).toBe(text);
    }
    client.close();
    await event(client, 'close');
  });
});

describe('answers that do not fit the offer', () => {
  it.each([
    ['permessage-deflate; x=1', 'x', {}],
    ['permessage-deflate; server_max_window_bits=7', 'server_max_window_bits', {}],
    [
      'permessage-deflate; server_max_window_bits=9; server_max_window_bits=9',
      'server_max_window_bits',
      {},
    ],
    ['permessage-deflate; client_max_window_bits', 'client_max_window_bits', {}],
    ['permessage-deflate', 'server_no_context_takeover', { serverNoContextTakeover: true }],
    ['permessage-deflate', 'server_max_window_bits', { serverMaxWindowBits: 9 }],
    [
      'permessage-deflate; client_max_window_bits=12',
      'client_max_window_bits',
      { clientMaxWindowBits: 9 },
    ],
    ['permessage-deflate, permessage-deflate', undefined, {}],
    ['permessage-foo', undefined, {}],
  ])('%s', async (extensions, parameter, compression) => {
    const port = await answering((socket, request) => {
      socket.write(switching(request, `Sec-WebSocket-Extensions: ${extensions}`));
    });
    const error = await rejection(connect(port, compression));
    expect(error.code).toBe('ERR_EXTENSION');
    expect(error.details.received).toBe(extensions);
    expect(error.details.parameter).toBe(parameter);
    if (parameter !== undefined) expect(error.message).toContain(parameter);
  });

  it.each(['server_max_window_bits=8', 'server_max_window_bits="8"; client_max_window_bits=8'])(
    '%s fits',
    async (parameters) => {
      let received = Buffer.alloc(0);
      const port = await compressing((socket) => {
        socket.on('data', (data) => {
          received = Buffer.concat([received, data]);
        });
        socket.write(frame(1, deflated('a'.repeat(200)), { reserved: RSV1 }));
      }, parameters);
      const connection = await connect(port);
      expect((await messages(connection, 1))[0]).toBe('a'.repeat(200));
      if (parameters.includes('client')) {
        connection.send('b'.repeat(5000));
        await connection.flushed();
        expect(connection.stats().compression.sent.bytes).toBe(0);
      }
      await Promise.all([event(connection, 'close'), connection.terminate()]);
    },
  );
});

describe('what a peer may not send', () => {
  async function refused(bytes: Buffer, compression: object = {}, options: object = {}) {
    const port = await compressing((socket) => void socket.write(bytes));
    const connection = await connect(port, compression, options);
    return await ending(connection);
  }

  it.each([
    [
      'on a continuation',
      frame(1, deflated('a'), { fin: false, reserved: RSV1 }),
      frame(0, '', { reserved: RSV1 }),
    ],
    ['on a ping', Buffer.alloc(0), frame(9, '', { reserved: RSV1 })],
    ['with another bit', Buffer.alloc(0), frame(1, '', { reserved: RSV1 | 0x20 })],
  ])('RSV1 %s', async (_title, first, second) => {
    const { code, error } = await refused(Buffer.concat([first, second]));
    expect([code, error?.code]).toEqual([1002, 'ERR_PROTOCOL']);
  });

  it('RSV1 without negotiation', async () => {
    const port = await afterUpgrade((socket) => {
      socket.write(frame(1, deflated('a'), { reserved: RSV1 }));
    });
    const { code, error } = await ending(await connect(port));
    expect([code, error?.code]).toEqual([1002, 'ERR_PROTOCOL']);
  });

  it.each([
    ['garbage', Buffer.from([0x07, 1, 2, 3])],
    ['a message that ends inside a block', deflated('hello hello hello').subarray(0, 5)],
  ])('%s', async (_title, payload) => {
    const { code, error } = await refused(frame(1, payload, { reserved: RSV1 }));
    expect([code, error?.code]).toEqual([1007, 'ERR_COMPRESSION']);
  });

  it('text that is not UTF-8 when it is inflated', async () => {
    const { code, error } = await refused(
      frame(1, deflated(Buffer.from([0x61, 0xff])), { reserved: RSV1 }),
    );
    expect([code, error?.code]).toEqual([1007, 'ERR_INVALID_UTF8']);
  });

  it('more than maxPayload when it is inflated', async () => {
    const { code, error } = await refused(
      frame(2, deflated(Buffer.alloc(1001)), { reserved: RSV1 }),
      {},
      { maxPayload: 1000 },
    );
    expect([code, error?.code]).toEqual([1009, 'ERR_MESSAGE_TOO_BIG']);
  });

  it('a ratio above maxRatio', async () => {
    const { code, error } = await refused(
      frame(2, deflated(Buffer.alloc(1_000_000)), { reserved: RSV1 }),
      { maxRatio: 100 },
    );
    expect([code, error?.code]).toEqual([1009, 'ERR_COMPRESSION']);
  });
});

describe('a bomb', () => {
  /** 10 GiB of zeros are 10 MB like this: 64 MiB, and the same block again and again. */
  const piece = deflated(Buffer.alloc(64 << 20), 9);

  it('of 10 GiB costs neither memory nor time', async () => {
    const port = await compressing((socket) => {
      for (let i = 0; i < 160; i++) {
        socket.write(
          frame(i === 0 ? 2 : 0, piece, { fin: i === 159, reserved: i === 0 ? RSV1 : 0 }),
        );
      }
    });
    const before = process.memoryUsage.rss();
    const connection = await connect(port);
    const { code, error } = await ending(connection);
    expect([code, error?.code]).toEqual([1009, 'ERR_MESSAGE_TOO_BIG']);
    // maxPayload, as it grew by doubling.
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 << 20);
  });

  it('of many messages that may be as large as they are lets others have their turns', async () => {
    const pool = await createPool({ threads: 1 });
    onTestFinished(() => pool.destroy());
    const message = frame(2, deflated(Buffer.alloc(8 << 20), 9), { reserved: RSV1 });
    const port = await compressing((socket) => {
      for (let i = 0; i < 100; i++) socket.write(message);
    });
    const quiet = await wsServer(echo);
    const other = await pool.connect(`ws://127.0.0.1:${quiet}/`);
    const connection = await pool.connect(`ws://127.0.0.1:${port}/`, { compression: true });
    let count = 0;
    connection.on('message', (data) => {
      expect(data.length).toBe(8 << 20);
      count++;
    });
    let rounds = 0;
    while (count < 100) {
      const answer = event(other, 'message');
      other.send('ping');
      await answer;
      rounds++;
    }
    // 800 MiB in steps of 512 KiB a turn: were it all one turn, there were a round or two.
    expect(rounds).toBeGreaterThan(10);
  });

  it('is held back where nobody reads', async () => {
    const message = frame(2, deflated(Buffer.alloc(1 << 20), 9), { reserved: RSV1 });
    const port = await compressing((socket) => {
      socket.write(Buffer.concat(Array.from({ length: 100 }, () => message)));
    });
    const connection = await connect(port);
    connection.pause();
    connection.resume();
    const seen: Buffer[] = [];
    for await (const { data } of connection) {
      seen.push(data);
      if (seen.length === 100) break;
    }
    expect(seen.every((data) => data.length === 1 << 20)).toBe(true);
  });
});

describe('messages that refer to others', () => {
  it('in fragments, with pings between them, cut anywhere', async () => {
    const random = randomSeed();
    const compress = takingOver();
    const texts = Array.from({ length: 40 }, () => json(random, 50 + random.below(2000)));
    const parts: Buffer[] = [];
    for (const text of texts) {
      const payload = await compress(text);
      const cut = random.below(payload.length);
      parts.push(
        frame(1, payload.subarray(0, cut), { fin: false, reserved: RSV1 }),
        frame(9, 'p'),
        frame(0, payload.subarray(cut)),
      );
      if (random.below(4) === 0) parts.push(frame(1, 'plain'));
    }
    const stream = Buffer.concat(parts);
    const port = await compressing((socket) => {
      socket.setNoDelay(true);
      const writeFrom = (at: number) => {
        if (at >= stream.length) return;
        const end = at + 1 + random.below(700);
        socket.write(stream.subarray(at, end));
        setImmediate(writeFrom, end);
      };
      writeFrom(0);
    });
    const connection = await connect(port);
    const got: string[] = [];
    for await (const { data } of connection) {
      if (data.toString() !== 'plain') got.push(data.toString());
      if (got.length === texts.length) break;
    }
    expect(got).toEqual(texts);
  });

  it('after a pause', async () => {
    const compress = takingOver();
    const text = 'over and over '.repeat(20_000);
    const first = await compress(text);
    const second = await compress(text);
    const port = await compressing((socket) => {
      socket.write(frame(1, first, { reserved: RSV1 }));
      socket.write(frame(1, second, { reserved: RSV1 }));
    });
    const connection = await connect(port, true, { highWaterMark: 1000 });
    const got: number[] = [];
    for await (const { data } of connection) {
      got.push(data.length);
      if (got.length === 2) break;
    }
    expect(got).toEqual([text.length, text.length]);
  });
});

it('the example of the documentation runs', async () => {
  const target = await createTarget({ compression: true });
  onTestFinished(() => target.close());
  const example = fileURLToPath(new URL('../../examples/compression.mjs', import.meta.url));
  const { stdout } = await run(process.execPath, [example, target.urls[0] as string]);
  expect(stdout).toContain('extensions: permessage-deflate');
  expect(stdout).toContain('a message of 8890 bytes came back');
});

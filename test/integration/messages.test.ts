import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import type { Connection } from 'lws-pool';
import { beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { createAuthority } from '../fixtures/certificates.js';
import { event, messages, usePool } from '../fixtures/pool.js';
import { afterUpgrade, echo, frame, tcpServer, wsServer } from '../fixtures/servers.js';

const own = usePool();
let made: Awaited<ReturnType<typeof createAuthority>>;
beforeAll(async () => {
  made = await createAuthority();
});

async function open(
  onPeer: (peer: WebSocket) => void = echo,
  options: Parameters<typeof own.pool.connect>[1] = {},
  scheme = 'ws',
): Promise<Connection> {
  const port = await wsServer(
    onPeer,
    { maxPayload: 64 << 20 },
    scheme === 'wss' ? (https.createServer(made.valid) as never) : undefined,
  );
  return own.pool.connect(`${scheme}://127.0.0.1:${port}/`, { ...options, tls: { ca: made.ca } });
}

describe('what can be sent', () => {
  const bytes = Buffer.from('some bytes 123456');
  it.each<[string, () => unknown, string, boolean]>([
    ['a string', () => 'grüße €𝄞', 'grüße €𝄞', false],
    ['a Buffer', () => bytes, bytes.toString(), true],
    ['a Uint16Array', () => new Uint16Array([0x6161, 0x6262]), 'aabb', true],
    ['a part of a Uint8Array', () => new Uint8Array(bytes).subarray(5, 10), 'bytes', true],
    ['a DataView', () => new DataView(new Uint8Array(bytes).buffer, 5, 5), 'bytes', true],
    ['an ArrayBuffer', () => new Uint8Array(bytes).buffer, bytes.toString(), true],
    ['an empty string', () => '', '', false],
    ['an empty Buffer', () => Buffer.alloc(0), '', true],
  ])('%s', async (_title, make, text, binary) => {
    const connection = await open();
    const answer = event(connection, 'message');
    expect(connection.send(make() as string)).toBe(true);
    const [data, isBinary] = await answer;
    expect(Buffer.isBuffer(data)).toBe(true);
    expect([String(data), isBinary]).toEqual([text, binary]);
    await connection.close();
  });

  it('a string as binary, bytes as text', async () => {
    const connection = await open();
    const got: [string, boolean][] = [];
    connection.on('message', (data, isBinary) => got.push([data.toString(), isBinary]));
    connection.send('string', { binary: true });
    connection.send(Buffer.from('bytes'), { binary: false });
    while (got.length < 2) await event(connection, 'message');
    expect(got).toEqual([
      ['string', true],
      ['bytes', false],
    ]);
    await connection.close();
  });

  it.each([undefined, null, 5, {}, [1]])('not %s', async (value) => {
    const connection = await open();
    expect(() => connection.send(value as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
    await connection.close();
  });

  it('bytes that are changed after send() were copied before', async () => {
    const connection = await open();
    for (const size of [10, 200_000]) {
      const data = Buffer.alloc(size, 'a');
      const answer = event(connection, 'message');
      connection.send(data);
      data.fill('b');
      expect((await answer)[0].equals(Buffer.alloc(size, 'a'))).toBe(true);
    }
    await connection.close();
  });
});

describe.each(['ws', 'wss'])('sizes over %s', (scheme) => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 1 << 20, 20 << 20])(
    '%i bytes there and back',
    async (size) => {
      const connection = await open(echo, { maxPayload: 32 << 20 }, scheme);
      const data = randomBytes(size);
      const answer = event(connection, 'message');
      connection.send(data);
      expect((await answer)[0].equals(data)).toBe(true);
      await connection.close();
    },
  );

  it('many of many sizes arrive in order', async () => {
    const connection = await open(echo, {}, scheme);
    const sent = Array.from({ length: 3000 }, (_, i) => `${i} ${'x'.repeat((i * 37) % 5000)}`);
    const got = messages(connection, sent.length);
    for (const text of sent) connection.send(text);
    expect(await got).toEqual(sent);
    await connection.close();
  });
});

describe('fragments', () => {
  it('are put together, with a ping between them', async () => {
    const port = await afterUpgrade((socket) => {
      for (const byte of Buffer.concat([
        frame(1, 'gr\u00fc'.slice(0, 2), { fin: false }),
        frame(0, Buffer.from([0xc3]), { fin: false }),
        frame(9, 'are you there'),
        frame(0, Buffer.from([0xbc, 0xc3, 0x9f])),
      ])) {
        socket.write(Buffer.from([byte]));
      }
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    const ping = event(connection, 'ping');
    const [data, isBinary] = await event(connection, 'message');
    expect([String(data), isBinary]).toEqual(['grüß', false]);
    expect(String((await ping)[0])).toBe('are you there');
    connection.terminate();
  });
});

describe('pings', () => {
  it('of the server are answered and told', async () => {
    let pong: Promise<unknown[]> | undefined;
    const connection = await open((peer) => {
      pong = once(peer, 'pong');
      peer.ping('hello');
    });
    const [data] = await event(connection, 'ping');
    expect(String(data)).toBe('hello');
    expect(String((await pong)?.[0])).toBe('hello');
    await connection.close();
  });

  it('are answered by the server, with what they held', async () => {
    const connection = await open();
    for (const payload of [undefined, '', 'x', Buffer.alloc(125, 1)]) {
      const pong = event(connection, 'pong');
      connection.ping(payload);
      expect((await pong)[0].equals(Buffer.from(payload ?? ''))).toBe(true);
    }
    expect(() => connection.ping(Buffer.alloc(126))).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
    await connection.close();
  });
});

describe('events', () => {
  it('messages wait for the first listener, in order', async () => {
    const connection = await open((peer) => {
      for (let i = 0; i < 50; i++) peer.send(`${i}`);
      peer.ping('all sent');
    });
    // The ping came after them: they are here.
    await event(connection, 'ping');
    expect(await messages(connection, 50)).toEqual([...Array(50).keys()].map(String));
    await connection.close();
  });

  it('messages and the end that came with the opening are not lost', async () => {
    const port = await afterUpgrade((socket) => {
      socket.write(frame(1, 'hello'));
      socket.end(frame(8, Buffer.from([0x03, 0xe8])));
    });
    for (let i = 0; i < 20; i++) {
      const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
      const seen: string[] = [];
      connection.on('message', (data) => seen.push(data.toString()));
      const [code] = await event(connection, 'close');
      expect([seen, code]).toEqual([['hello'], 1000]);
    }
  });

  it('the greeting and the end of a raw connection are not lost', async () => {
    const port = await tcpServer((socket) => socket.end('goodbye'));
    for (let i = 0; i < 20; i++) {
      const connection = await own.pool.connect(`tcp://127.0.0.1:${port}`);
      const seen: string[] = [];
      connection.on('data', (data) => seen.push(data.toString()));
      connection.on('end', () => seen.push('end'));
      const [code] = await event(connection, 'close');
      expect([seen, code]).toEqual([['goodbye', 'end'], 1000]);
    }
  });

  it('an exception in a listener is an uncaught one, and the next messages come', async () => {
    const connection = await open();
    const uncaught = new Promise((resolve) => {
      const listeners = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of listeners) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    const failure = new Error('of a listener');
    const both = messages(connection, 2);
    connection.once('message', () => {
      throw failure;
    });
    connection.send('one');
    connection.send('two');
    expect(await both).toEqual(['one', 'two']);
    expect(await uncaught).toBe(failure);
    await connection.close();
  });

  it('what is sent in one turn leaves in one write', async () => {
    const chunks: number[] = [];
    const port = await afterUpgrade((socket) =>
      socket.on('data', (data) => chunks.push(data.length)),
    );
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    for (let i = 0; i < 100; i++) connection.send('0123456789');
    await connection.flushed();
    connection.terminate();
    await event(connection, 'close');
    expect(chunks).toEqual([1600]);
  });
});

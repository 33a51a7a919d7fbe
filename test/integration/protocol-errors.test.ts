import { once } from 'node:events';
import type net from 'node:net';
import type { Connection, ErrorCode } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { ending, event, messages, usePool } from '../fixtures/pool.js';
import { afterUpgrade, closePayload, frame, wsServer } from '../fixtures/servers.js';

const own = usePool();

/** What arrives at the server, and the connection to it. */
async function open(): Promise<{
  socket: net.Socket;
  connection: Connection;
  closed: Promise<number>;
}> {
  let socket: net.Socket | undefined;
  const port = await afterUpgrade((accepted) => {
    socket = accepted;
  });
  const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, {
    maxPayload: 1000,
    closeTimeout: 500,
  });
  if (socket === undefined) throw new Error('no socket');
  return { socket, connection, closed: closeCode(socket) };
}

/** The code of the close frame that a server gets: masked, in one piece. */
async function closeCode(socket: net.Socket): Promise<number> {
  let bytes = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    bytes = Buffer.concat([bytes, data]);
  });
  await once(socket, 'end');
  const mask = bytes.subarray(2, 6);
  expect(bytes[0]).toBe(0x88);
  return ((bytes[6] ?? 0) ^ (mask[0] ?? 0)) * 256 + ((bytes[7] ?? 0) ^ (mask[1] ?? 0));
}

describe('what breaks RFC 6455 ends the connection with 1002, and the server hears of it', () => {
  it.each([
    ['a masked frame', frame(1, 'hello', { masked: true })],
    ['RSV1', frame(1, 'hello', { reserved: 0x40 })],
    ['RSV2', frame(1, 'hello', { reserved: 0x20 })],
    ['RSV3 of a control frame', frame(9, 'hello', { reserved: 0x10 })],
    ['an unknown opcode', frame(3, 'hello')],
    ['an unknown control opcode', frame(11)],
    ['a continuation of nothing', frame(0, 'hello')],
    ['a message within a message', Buffer.concat([frame(1, 'a', { fin: false }), frame(1, 'b')])],
    ['a ping in fragments', frame(9, 'a', { fin: false })],
    ['a ping of 126 bytes', frame(9, Buffer.alloc(126))],
    ['a length that is not minimal', Buffer.from([0x82, 126, 0, 1, 0])],
    ['a close frame of one byte', frame(8, 'x')],
    ['close code 1005', frame(8, closePayload(1005))],
    ['close code 999', frame(8, closePayload(999))],
    ['close code 2999', frame(8, closePayload(2999))],
  ])('%s', async (_title, bytes) => {
    const { socket, connection, closed } = await open();
    const end = ending(connection);
    socket.write(bytes);
    expect(await closed).toBe(1002);
    socket.end();
    const { code, error } = await end;
    expect(code).toBe(1002);
    expect(error?.code).toBe('ERR_PROTOCOL');
    expect(error?.details.reason).not.toBe('');
  });
});

describe('other failures of what comes in', () => {
  it.each<[string, ErrorCode, number, Buffer[], size?: number]>([
    ['text that is not UTF-8', 'ERR_INVALID_UTF8', 1007, [frame(1, Buffer.from([0x61, 0xff]))]],
    ['UTF-8 that is cut', 'ERR_INVALID_UTF8', 1007, [frame(1, Buffer.from([0xe2, 0x82]))]],
    [
      'UTF-8 that breaks in the second fragment',
      'ERR_INVALID_UTF8',
      1007,
      [
        frame(1, Buffer.from([0xe2]), { fin: false }),
        frame(0, Buffer.from([0x28]), { fin: false }),
      ],
    ],
    [
      'a reason that is not UTF-8',
      'ERR_INVALID_UTF8',
      1007,
      [frame(8, Buffer.from([0x03, 0xe8, 0xff]))],
    ],
    [
      'a message over maxPayload',
      'ERR_MESSAGE_TOO_BIG',
      1009,
      [frame(2, Buffer.alloc(1001))],
      1001,
    ],
    [
      'the announcement of one',
      'ERR_MESSAGE_TOO_BIG',
      1009,
      [Buffer.from([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0])],
      2 ** 40,
    ],
    [
      'the announcement of the largest',
      'ERR_MESSAGE_TOO_BIG',
      1009,
      [Buffer.from([0x82, 127, 0x7f, ...Array(7).fill(0xff)])],
      2 ** 63,
    ],
    [
      'fragments that are too much together',
      'ERR_MESSAGE_TOO_BIG',
      1009,
      [frame(2, Buffer.alloc(600), { fin: false }), frame(0, Buffer.alloc(600))],
      1200,
    ],
  ])('%s', async (_title, expected, expectedCode, chunks, size) => {
    const { socket, connection, closed } = await open();
    const end = ending(connection);
    for (const chunk of chunks) socket.write(chunk);
    expect(await closed).toBe(expectedCode);
    socket.end();
    const { code, error } = await end;
    expect(code).toBe(expectedCode);
    expect(error?.code).toBe(expected);
    if (expectedCode !== 1009) return;
    expect(error?.details).toMatchObject({ limit: 1000, size });
    expect(error?.message).toContain(
      `a message of ${size} bytes passes "maxPayload" of 1000 bytes`,
    );
  });

  it('a server of npm ws sees 1009', async () => {
    let seen: Promise<unknown[]> | undefined;
    const port = await wsServer((peer) => {
      seen = once(peer, 'close');
      peer.send('x'.repeat(2000));
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, { maxPayload: 1999 });
    const { code, error } = await ending(connection);
    expect([code, error?.code]).toEqual([1009, 'ERR_MESSAGE_TOO_BIG']);
    expect((await seen)?.[0]).toBe(1009);
  });

  it('a message as large as maxPayload is taken, and one before a failure too', async () => {
    const { socket, connection } = await open();
    const first = messages(connection, 1);
    const end = ending(connection);
    socket.write(Buffer.concat([frame(2, Buffer.alloc(1000, 'x')), frame(2, Buffer.alloc(1001))]));
    expect((await first)[0]).toHaveLength(1000);
    expect((await end).code).toBe(1009);
  });

  it('what comes after a failure is not told', async () => {
    const { socket, connection } = await open();
    const got: string[] = [];
    connection.on('message', (data) => got.push(data.toString()));
    const end = ending(connection);
    socket.write(Buffer.concat([frame(1, 'before'), frame(3), frame(1, 'after')]));
    socket.write(frame(1, 'long after'));
    await end;
    expect(got).toEqual(['before']);
  });
});

describe('a peer that goes', () => {
  it.each([
    ['in the middle of a message', [frame(1, 'half', { fin: false })]],
    ['in the middle of a frame', [frame(1, 'whole').subarray(0, 4)]],
    ['in the middle of a header', [Buffer.from([0x82, 126, 1])]],
    ['without a close frame', []],
  ])('%s', async (_title, chunks) => {
    for (const way of ['end', 'resetAndDestroy'] as const) {
      const { socket, connection, closed } = await open();
      closed.catch(() => undefined);
      const end = ending(connection);
      const told = event(connection, 'error');
      for (const chunk of chunks) socket.write(chunk);
      socket[way]();
      const { code, error } = await end;
      expect(code).toBe(1006);
      expect(error?.code).toBe('ERR_CONNECTION_LOST');
      expect((await told)[0]).toBe(error);
      if (way === 'resetAndDestroy') expect(error?.details.errno).toBe('ECONNRESET');
    }
  });
});

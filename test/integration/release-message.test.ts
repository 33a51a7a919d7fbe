import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { releaseMessage } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { event, usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

/** Of WebAssembly, which the types of Node.js leave to those of the browser. */
const { Memory } = (globalThis as unknown as { WebAssembly: WebAssemblyTypes }).WebAssembly;
interface WebAssemblyTypes {
  readonly Memory: new (pages: { initial: number }) => { readonly buffer: ArrayBuffer };
}

const own = usePool();

const open = async () => own.pool.connect(`ws://127.0.0.1:${await wsServer(echo)}/`);

describe('releaseMessage()', () => {
  it('gives back the memory of a large message, now', async () => {
    const connection = await open();
    const answer = event(connection, 'message');
    connection.send(Buffer.alloc(4_000_000));
    const [message] = await answer;
    const before = process.memoryUsage().external;
    releaseMessage(message);
    expect(before - process.memoryUsage().external).toBeGreaterThan(3_990_000);
    expect(message.length).toBe(0);
    releaseMessage(message);
    await connection.close();
  });

  it('after send() has taken the bytes, and before the next message comes', async () => {
    const connection = await open();
    const payloads = Array.from({ length: 20 }, () => randomBytes(200_000));
    const got: Buffer[] = [];
    connection.on('message', (message) => {
      got.push(Buffer.from(message));
      if (got.length <= payloads.length) connection.send(message);
      releaseMessage(message);
      expect(message.length).toBe(0);
    });
    for (const payload of payloads) connection.send(payload);
    while (got.length < 2 * payloads.length) await event(connection, 'message');
    expect(Buffer.concat(got).equals(Buffer.concat([...payloads, ...payloads]))).toBe(true);
    await connection.close();
  });

  it('in a handler', async () => {
    const large = randomBytes(500_000);
    const got: Buffer[] = [];
    const answers = new EventEmitter();
    const all = once(answers, 'all');
    const port = await wsServer((peer) => {
      peer.on('message', (data) => {
        if (got.push(data as Buffer) === 6) answers.emit('all');
      });
      for (const data of [large, Buffer.from('small'), large]) peer.send(data);
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`, {
      handler: new URL('../fixtures/handlers/releasing.mjs', import.meta.url),
    });
    await all;
    expect(got[0]?.equals(large)).toBe(true);
    expect(String(got[1])).toBe('0');
    expect(got.slice(2, 4).map(String)).toEqual(['small', '5']);
    expect(got[4]?.equals(large)).toBe(true);
    await connection.close();
  });

  it('and only that is written to again: what is kept stays as it came', async () => {
    const letters = Array.from({ length: 60 }, (_, index) => 97 + (index % 26));
    const port = await wsServer((peer) => {
      for (const letter of letters) peer.send(Buffer.alloc(200_000, letter));
    });
    const connection = await own.pool.connect(`ws://127.0.0.1:${port}/`);
    const kept: Buffer[] = [];
    let count = 0;
    connection.on('message', (message) => {
      expect(message.equals(Buffer.alloc(200_000, letters[count]))).toBe(true);
      if (count % 3 === 0) kept.push(message);
      else releaseMessage(message);
      count++;
    });
    while (count < letters.length) await event(connection, 'message');
    for (const [index, message] of kept.entries()) {
      expect(message.equals(Buffer.alloc(200_000, letters[3 * index]))).toBe(true);
    }
    await connection.close();
  });

  it('leaves what shares its memory with something else', async () => {
    const connection = await open();
    const answer = event(connection, 'message');
    connection.send('small');
    const [message] = await answer;
    const memory = new Memory({ initial: 1 });
    const part = Buffer.alloc(100_000).subarray(1);
    const kept: [string, Uint8Array][] = [
      ['a small message', message],
      ['an empty Buffer', Buffer.alloc(0)],
      ['a part of a Buffer', part],
      ['a Buffer of the pool', Buffer.from('pooled')],
      ['memory of WebAssembly', new Uint8Array(memory.buffer)],
      ['memory shared between threads', new Uint8Array(new SharedArrayBuffer(100_000))],
    ];
    for (const [what, bytes] of kept) {
      const { length } = bytes;
      releaseMessage(bytes);
      expect(bytes.length, what).toBe(length);
    }
    expect(String(message)).toBe('small');
    await connection.close();
  });

  it('of a released message nothing can be sent', async () => {
    const connection = await open();
    const answer = event(connection, 'message');
    connection.send(Buffer.alloc(100_000));
    const [message] = await answer;
    releaseMessage(message);
    for (const send of [() => connection.send(message), () => connection.ping(message)]) {
      expect(send).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
    }
    await connection.close();
  });

  it.each([['a string'], [undefined], [new DataView(new ArrayBuffer(100_000))]])(
    'refuses %s',
    (value) => {
      expect(() => releaseMessage(value as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
      );
    },
  );
});

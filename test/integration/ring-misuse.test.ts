// What a caller can do to a ring that nobody should do: each ends in an error, and nothing else does.
import { Buffer } from 'node:buffer';
import { Ring } from 'lws-pool';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { delivered, hold, message, open, own as ownFrame, until } from '../fixtures/leases.js';
import { rejection, usePool } from '../fixtures/pool.js';

const own = usePool();
let ring: Ring;
beforeAll(() => {
  ring = new Ring({ registered: 1 });
});
afterAll(() => ring.close());

const codesOf = async (promises: Promise<unknown>[]) =>
  (await Promise.allSettled(promises)).map((one) =>
    one.status === 'fulfilled' ? one.value : one.reason.code,
  );

describe('while a chain is built', () => {
  it('a lease that is released takes its operations out, and none reaches another socket', async () => {
    const first = await open(own.pool, 'ws');
    const second = await open(own.pool, 'ws');
    const lease = await hold(first.connection);
    const other = await hold(second.connection);
    const bytes = ownFrame('ws', 'for the first');
    const asked: Promise<unknown>[] = [];
    const build = () => {
      asked.push(ring.send(lease, bytes));
      lease.release();
      asked.push(ring.send(other, ownFrame('ws', 'for the second')));
    };
    expect(() => ring.link(build)).toThrow(expect.objectContaining({ code: 'ERR_LEASE_RELEASED' }));
    expect(await codesOf(asked)).toEqual(['ERR_LEASE_RELEASED', 'ERR_ABORTED']);
    expect(ring.inFlight).toBe(0);
    const got = delivered(first.connection);
    first.peer.write(message('ws', 'on'));
    await until(() => got().toString() === 'on');
    const last = ownFrame('ws', 'nothing before this');
    expect(await ring.send(other, last)).toBe(last.length);
    await until(() => second.received().length >= last.length);
    expect(second.received().equals(last)).toBe(true);
    expect(first.received().length).toBe(0);
    other.release();
    first.connection.terminate();
    second.connection.terminate();
  });

  it('a lease that is detached takes them out as well', async () => {
    const { connection, received } = await open(own.pool, 'tcp');
    const lease = await hold(connection);
    const asked: Promise<unknown>[] = [];
    expect(() =>
      ring.link(() => {
        asked.push(ring.send(lease, Buffer.from('too late')));
        lease.detachToSocket().destroy();
      }),
    ).toThrow(expect.objectContaining({ code: 'ERR_ABORTED' }));
    expect(await codesOf(asked)).toEqual(['ERR_ABORTED']);
    expect(received().length).toBe(0);
  });

  it('the ring that is closed begins nothing', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    const lease = await hold(connection);
    const short = new Ring();
    let closed: Promise<void> | undefined;
    const asked: Promise<unknown>[] = [];
    expect(() =>
      short.link(() => {
        asked.push(short.recv(lease, Buffer.alloc(10)));
        closed = short.close();
      }),
    ).toThrow(expect.objectContaining({ code: 'ERR_RING_CLOSED' }));
    expect(await codesOf(asked)).toEqual(['ERR_ABORTED']);
    await closed;
    lease.release();
    const got = delivered(connection);
    peer.write(message('ws', 'on'));
    await until(() => got().toString() === 'on');
    connection.terminate();
  });

  it('a signal ends it all', async () => {
    const { connection } = await open(own.pool, 'ws');
    const lease = await hold(connection);
    const controller = new AbortController();
    const { signal } = controller;
    const asked = ring.link(() => {
      const both = [ring.recv(lease, Buffer.alloc(10), { signal }), ring.timeout(60_000)];
      controller.abort();
      return both;
    });
    expect(await codesOf(asked)).toEqual(['ERR_ABORTED', 'ERR_ABORTED']);
    expect(ring.inFlight).toBe(0);
    lease.release();
    connection.terminate();
  });
});

describe('memory', () => {
  it('is kept, whatever becomes of the list it was passed in', async () => {
    const { connection, peer } = await open(own.pool, 'tcp');
    const lease = await hold(connection);
    const parts = [Buffer.alloc(4), Buffer.alloc(4)];
    const [a, b] = parts as [Buffer, Buffer];
    const waiting = ring.readv(lease, parts, { all: true });
    parts.length = 0;
    peer.write('abcdefgh');
    expect(await waiting).toBe(8);
    expect(String(a) + String(b)).toBe('abcdefgh');
    lease.release();
    connection.terminate();
  });

  it('that can be resized under the kernel is refused', async () => {
    const { connection } = await open(own.pool, 'tcp');
    const lease = await hold(connection);
    const memory = Reflect.construct(ArrayBuffer, [8, { maxByteLength: 8192 }]) as ArrayBuffer;
    const error = await rejection(ring.recv(lease, new Uint8Array(memory)));
    expect([error.code, error.details.argument]).toEqual(['ERR_INVALID_ARGUMENT', 'into']);
    lease.release();
    connection.terminate();
  });
});

describe('recvMultishot that nobody reads', () => {
  it.each([
    { highWaterMark: 1, buffers: undefined },
    { highWaterMark: 20_000, buffers: { count: 2, size: 64 } },
  ])('waits above $highWaterMark bytes, and loses nothing', async ({ highWaterMark, buffers }) => {
    const { connection, peer } = await open(own.pool, 'tcp');
    const lease = await hold(connection);
    const small = new Ring({ buffers });
    const pieces = small.recvMultishot(lease, { highWaterMark });
    const sent = Buffer.alloc(2 << 20, '0123456789abcdef-');
    peer.write(sent);
    // It stops, with the rest still in the kernel.
    await until(() => small.inFlight === 0);
    expect(lease.socket.unread()).toBeGreaterThan(0);
    let received = 0;
    let same = true;
    while (received < sent.length) {
      const { value } = await pieces.next();
      const piece = value as Buffer;
      same &&= piece.equals(sent.subarray(received, received + piece.length));
      received += piece.length;
    }
    expect([received, same]).toEqual([sent.length, true]);
    await pieces.return?.();
    await small.close();
    lease.release();
    connection.terminate();
  });
});

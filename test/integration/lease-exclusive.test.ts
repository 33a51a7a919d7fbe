import type { Connection, Lease } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import {
  delivered,
  hold,
  isSecure,
  message,
  open,
  own as ownFrame,
  pause,
  payloads,
  until,
  WIRES,
  type Wire,
} from '../fixtures/leases.js';
import { usePool } from '../fixtures/pool.js';
import { frame } from '../fixtures/servers.js';

const own = usePool();
const WEB_SOCKETS = WIRES.filter((wire) => wire.startsWith('ws'));

/** Reads what there is, through TLS or without. */
function read(lease: Lease<Connection>, size = 65_536): Buffer {
  const into = Buffer.alloc(size);
  const count = (lease.tls ?? lease.socket).read(into);
  return into.subarray(0, Math.max(0, count));
}

/** Reads so many bytes, however long they take to come. */
async function readExactly(lease: Lease<Connection>, size: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let left = size; left > 0; left = size - Buffer.concat(parts).length) {
    const part = read(lease, left);
    if (part.length === 0) await pause(1);
    else parts.push(part);
  }
  return Buffer.concat(parts);
}

describe.each(WIRES)('an exclusive lease on %s', (wire) => {
  it('leaves what the peer sends in the kernel, and delivers it after', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const got = delivered(connection);
    const lease = await hold(connection);
    for (let i = 0; i < 10; i++) peer.write(message(wire, `message ${i} `));
    await until(() => lease.socket.unread() >= 10 * message(wire, 'message 0 ').length);
    const unread = lease.socket.unread();
    await pause(30);
    expect(lease.socket.unread()).toBe(unread);
    expect(got().length).toBe(0);
    lease.release();
    const all = Array.from({ length: 10 }, (_, i) => `message ${i} `).join('');
    await until(() => got().length >= all.length);
    peer.write(message(wire, 'after'));
    await until(() => got().toString() === `${all}after`);
    connection.terminate();
  });

  it('keeps what is sent until it ends, behind what its holder writes', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    connection.send('before ');
    const lease = await hold(connection);
    connection.send('during ', { binary: true });
    connection.send('and after', { binary: true });
    await until(() => payloads(wire, received()).toString() === 'before ');
    await pause(30);
    expect(payloads(wire, received()).toString()).toBe('before ');
    expect(connection.bufferedAmount).toBeGreaterThan(15);
    const flushed = connection.flushed();
    const bytes = ownFrame(wire, 'holder ');
    expect((lease.tls ?? lease.socket).write(bytes)).toBe(bytes.length);
    await until(() => payloads(wire, received()).toString() === 'before holder ');
    lease.release();
    await flushed;
    await until(() => payloads(wire, received()).toString() === 'before holder during and after');
    expect(connection.bufferedAmount).toBe(0);
    peer.write(message(wire, 'x'));
    const got = delivered(connection);
    await until(() => got().toString() === 'x');
    connection.terminate();
  });

  it('gives its holder what comes, and the connection the rest', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const got = delivered(connection);
    peer.write(message(wire, 'one '));
    await until(() => got().toString() === 'one ');
    const lease = await hold(connection);
    const two = message(wire, 'two ');
    peer.write(two);
    expect((await readExactly(lease, two.length)).equals(two)).toBe(true);
    expect((lease.tls ?? lease.socket).read(Buffer.alloc(9))).toBe(-1);
    peer.write(message(wire, 'three '));
    await until(() => lease.socket.unread() > 0);
    lease.release();
    await until(() => got().toString() === 'one three ');
    peer.write(message(wire, 'four'));
    await until(() => got().toString() === 'one three four');
    expect(connection.readyState).toBe(1);
    connection.terminate();
  });

  it('begins after all that was sent, and ends before what is sent next', async () => {
    const { connection, received } = await open(own.pool, wire);
    let expected = '';
    for (let i = 0; i < 50; i++) {
      const mine = `${i} ${'x'.repeat(i * 97)}`;
      connection.send(mine);
      const lease = await hold(connection);
      const bytes = ownFrame(wire, `holder ${i} `);
      expect((lease.tls ?? lease.socket).write(bytes)).toBe(bytes.length);
      expected += `${mine}holder ${i} `;
      lease.release();
    }
    await until(() => payloads(wire, received()).toString() === expected);
    connection.terminate();
  });

  it('is not waited for by shared ones that have ended, nor by traffic beside shared ones', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const got = delivered(connection);
    const shared = [await hold(connection, 'shared'), await hold(connection, 'shared')];
    for (let i = 0; i < 10; i++) {
      connection.send(`out ${i} `, { binary: true });
      peer.write(message(wire, `in ${i} `));
    }
    await until(() => got().toString().endsWith('in 9 '));
    await until(() => payloads(wire, received()).toString().endsWith('out 9 '));
    for (const lease of shared) {
      expect(lease.released).toBe(false);
      expect(lease.socket.remotePort).toBe(connection.remotePort);
      lease.release();
    }
    (await hold(connection)).release();
    connection.terminate();
  });
});

describe.each(WEB_SOCKETS)('in the middle of a frame on %s', (wire: Wire) => {
  const whole = frame(2, Buffer.alloc(5000, 'a'));
  const half = whole.subarray(0, 2000);
  const rest = whole.subarray(2000);

  async function midFrame() {
    const ends = await open(own.pool, wire);
    const got = delivered(ends.connection);
    ends.peer.write(frame(2, 'first'));
    await until(() => got().toString() === 'first');
    ends.peer.write(half);
    // Read by the worker: the kernel has nothing left, and a frame is begun.
    for (;;) {
      const lease = await hold(ends.connection);
      const { leftover } = lease;
      lease.release();
      if (leftover.length === half.length) return { ...ends, got };
      await pause(2);
    }
  }

  it('a lease has what was read of it, and leaves it where it is', async () => {
    const { connection, peer, got } = await midFrame();
    const lease = await hold(connection);
    expect(lease.leftover.equals(half)).toBe(true);
    expect(lease.leftover.equals(half)).toBe(true);
    lease.release();
    peer.write(rest);
    await until(() => got().length === 5005);
    expect(got().subarray(5).equals(Buffer.alloc(5000, 'a'))).toBe(true);
    connection.terminate();
  });

  it('its holder may read the rest, and then has all of it', async () => {
    const { connection, peer, got } = await midFrame();
    const lease = await hold(connection);
    peer.write(rest);
    const read = await readExactly(lease, rest.length);
    expect(Buffer.concat([lease.leftover, read]).equals(whole)).toBe(true);
    peer.write(frame(2, ' next'));
    lease.release();
    await until(() => got().toString() === 'first next');
    expect(connection.readyState).toBe(1);
    connection.terminate();
  });

  it('a lease with the boundary "frame" begins behind it', async () => {
    const { connection, peer, got } = await midFrame();
    expect(connection.tryLease('exclusive', { boundary: 'frame' })).toBeUndefined();
    const waiting = hold(connection, 'exclusive', { boundary: 'frame' });
    await pause(10);
    const next = frame(2, ' next');
    const last = frame(2, ' last');
    peer.write(Buffer.concat([rest, next, last.subarray(0, 3)]));
    const lease = await waiting;
    expect(lease.leftover.length).toBe(0);
    await until(() => got().length === 5005);
    await pause(10);
    // What stands behind the frame is nobody's yet: in the kernel, or in OpenSSL.
    expect(got().length).toBe(5005);
    if (isSecure(wire)) expect(lease.tls?.pending).toBe(next.length + 3);
    else expect(lease.socket.unread()).toBe(next.length + 3);
    expect((await readExactly(lease, next.length)).equals(next)).toBe(true);
    lease.release();
    peer.write(last.subarray(3));
    await until(() => got().subarray(5005).toString() === ' last');
    connection.terminate();
  });

  it('what OpenSSL or the kernel has of it is not lost if nobody reads it', async () => {
    const { connection, peer, got } = await midFrame();
    const waiting = hold(connection, 'exclusive', { boundary: 'frame' });
    await pause(10);
    peer.write(Buffer.concat([rest, frame(2, ' next')]));
    const lease = await waiting;
    lease.release();
    await until(() => got().subarray(5005).toString() === ' next');
    connection.terminate();
  });
});

import { Buffer } from 'node:buffer';
import { POLL, Ring } from 'lws-pool';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  delivered,
  hold,
  isWebSocket,
  message,
  open,
  own as ownFrame,
  pause,
  payloads,
  until,
  WIRES,
} from '../fixtures/leases.js';
import { ending, rejection, usePool } from '../fixtures/pool.js';

const own = usePool();
let ring: Ring;
beforeAll(() => {
  ring = new Ring();
});
afterAll(() => ring.close());

const PLAIN = WIRES.filter((wire) => !wire.includes('TLS'));

describe.each(PLAIN)('a ring on %s', (wire) => {
  it('sends and receives under an exclusive lease, and the connection goes on', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const got = delivered(connection);
    const lease = await hold(connection);
    const answer = message(wire, 'answer');
    const into = Buffer.alloc(answer.length);
    const waiting = ring.recv(lease, into, { all: true });
    const bytes = ownFrame(wire, 'request');
    expect(await ring.send(lease, bytes)).toBe(bytes.length);
    await until(() => payloads(wire, received()).toString() === 'request');
    peer.write(answer.subarray(0, 3));
    await pause(5);
    peer.write(answer.subarray(3));
    expect(await waiting).toBe(answer.length);
    expect(into.equals(answer)).toBe(true);
    lease.release();
    peer.write(message(wire, 'after'));
    await until(() => got().toString() === 'after');
    connection.terminate();
  });

  it('gives a connection back with a recv in flight, and takes nothing from it', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const got = delivered(connection);
    const lease = await hold(connection);
    const waiting = rejection(ring.recv(lease, Buffer.alloc(100)));
    await pause(5);
    lease.release();
    peer.write(message(wire, 'mine'));
    expect((await waiting).code).toBe('ERR_LEASE_RELEASED');
    await until(() => got().toString() === 'mine');
    expect(ring.inFlight).toBe(0);
    connection.terminate();
  });

  it('cancels what was not even submitted', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const got = delivered(connection);
    const lease = await hold(connection);
    const waiting = rejection(ring.recv(lease, Buffer.alloc(100)));
    lease.release();
    peer.write(message(wire, 'mine'));
    expect((await waiting).code).toBe('ERR_LEASE_RELEASED');
    await until(() => got().toString() === 'mine');
    connection.terminate();
  });

  it('runs a chain in turn, with a time for its last', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const lease = await hold(connection);
    peer.on('data', () => peer.write(message(wire, 'pong')));
    const into = Buffer.alloc(message(wire, 'pong').length);
    const bytes = ownFrame(wire, 'ping');
    for (let i = 0; i < 10; i++) {
      const [sent, count, late] = await Promise.all(
        ring.link(() => [
          ring.send(lease, bytes),
          ring.recv(lease, into, { all: true }),
          ring.linkTimeout(10_000),
        ]),
      );
      expect([sent, count, late]).toEqual([bytes.length, into.length, false]);
    }
    expect(payloads(wire, received()).toString()).toBe('ping'.repeat(10));
    peer.removeAllListeners('data');
    const outcome = await Promise.allSettled(
      ring.link(() => [
        ring.send(lease, bytes),
        ring.recv(lease, into, { all: true }),
        ring.linkTimeout(20),
        ring.send(lease, bytes),
      ]),
    );
    expect(
      outcome.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code)),
    ).toEqual([bytes.length, 'ERR_RING_TIMEOUT', true, 'ERR_ABORTED']);
    lease.release();
    const got = delivered(connection);
    peer.write(message(wire, 'on'));
    await until(() => got().toString() === 'on');
    connection.terminate();
  });

  it('fills several pieces of memory, in however many pieces their bytes come', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const lease = await hold(connection);
    const bytes = message(wire, 'x'.repeat(400));
    const parts = [Buffer.alloc(7), Buffer.alloc(100), Buffer.alloc(bytes.length - 107)];
    const waiting = ring.readv(lease, parts, { all: true });
    for (const byte of bytes) {
      peer.write(Buffer.of(byte));
      // Until the kernel has woken the ring for it.
      await until(() => lease.socket.unread() === 0);
      await pause(0);
    }
    expect(await waiting).toBe(bytes.length);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    lease.release();
    connection.terminate();
  });

  it('makes requests, each with the answer to it', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const lease = await hold(connection);
    peer.on('data', () => peer.write(message(wire, 'pong')));
    const into = Buffer.alloc(message(wire, 'pong').length);
    const bytes = ownFrame(wire, 'ping');
    for (let i = 0; i < 10; i++) {
      expect(await ring.request(lease, bytes, into, { all: true })).toBe(into.length);
      expect(into.equals(message(wire, 'pong'))).toBe(true);
      into.fill(0);
    }
    expect(payloads(wire, received()).toString()).toBe('ping'.repeat(10));
    peer.removeAllListeners('data');
    // Both directions are its own until the answer has come.
    const waiting = rejection(ring.request(lease, bytes, into));
    for (const other of [ring.send(lease, bytes), ring.recv(lease, into)]) {
      expect((await rejection(other)).details.errno).toBe('EBUSY');
    }
    expect(ring.inFlight).toBe(1);
    lease.release();
    expect((await waiting).code).toBe('ERR_LEASE_RELEASED');
    const got = delivered(connection);
    peer.write(message(wire, 'on'));
    await until(() => got().toString() === 'on');
    connection.terminate();
  });

  it('receives piece by piece, and stops between two of them', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const lease = await hold(connection);
    const size = message(wire, 'x'.repeat(1000)).length;
    let bytes = 0;
    setTimeout(() => {
      for (let i = 0; i < 50; i++) peer.write(message(wire, 'x'.repeat(1000)));
    }, 5);
    for await (const chunk of ring.recvMultishot(lease, { highWaterMark: 5000 })) {
      bytes += chunk.length;
      if (bytes >= size * 50) break;
    }
    expect(bytes).toBe(size * 50);
    lease.release();
    const got = delivered(connection);
    peer.write(message(wire, 'on'));
    await until(() => got().toString() === 'on');
    connection.terminate();
  });

  it('sends without a copy', async () => {
    const { connection, received } = await open(own.pool, wire);
    const lease = await hold(connection);
    const bytes = ownFrame(wire, Buffer.alloc(300_000, 'z'));
    expect(await ring.sendZeroCopy(lease, bytes)).toBe(bytes.length);
    await until(() => received().length === bytes.length);
    lease.release();
    expect(received().equals(bytes)).toBe(true);
    connection.terminate();
  });

  it('reads and writes several pieces', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const lease = await hold(connection);
    const bytes = ownFrame(wire, 'abcdef');
    expect(await ring.writev(lease, [bytes.subarray(0, 2), bytes.subarray(2)])).toBe(bytes.length);
    await until(() => received().equals(bytes));
    const answer = message(wire, 'ghijkl');
    const [a, b] = [Buffer.alloc(3), Buffer.alloc(answer.length - 3)];
    peer.write(answer);
    expect(await ring.readv(lease, [a, b], { all: true })).toBe(answer.length);
    expect(Buffer.concat([a, b]).equals(answer)).toBe(true);
    lease.release();
    const got = delivered(connection);
    peer.write(message(wire, 'on'));
    await until(() => got().toString() === 'on');
    connection.terminate();
  });
});

it('finishes more at once than the kernel does by itself', async () => {
  const all = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const { connection, peer } = await open(own.pool, 'tcp');
      peer.on('data', (data) => peer.write(data));
      return { connection, lease: await hold(connection) };
    }),
  );
  const bytes = Buffer.alloc(66, 'x');
  const rounds = all.map(async ({ lease }) => {
    const into = Buffer.alloc(bytes.length);
    for (let i = 0; i < 100; i++) {
      await Promise.all(
        ring.link(() => [ring.send(lease, bytes), ring.recv(lease, into, { all: true })]),
      );
    }
  });
  await Promise.all(rounds);
  for (const { connection, lease } of all) {
    lease.release();
    connection.terminate();
  }
});

describe('half a frame', () => {
  it.each(['read', 'written'])('%s through a ring taints the connection', async (how) => {
    const { connection, peer } = await open(own.pool, 'ws');
    const lease = await hold(connection);
    const end = ending(connection);
    if (how === 'read') {
      peer.write(message('ws', 'a whole message'));
      expect(await ring.recv(lease, Buffer.alloc(5))).toBe(5);
    } else {
      expect(await ring.send(lease, ownFrame('ws', 'a whole message').subarray(0, 5))).toBe(5);
    }
    lease.release();
    expect((await end).error?.code).toBe('ERR_LEASE_TAINTED');
  });
});

describe.each(WIRES)('polling on %s', (wire) => {
  it('tells of the peer that ends, on a shared lease that is served meanwhile', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const got = delivered(connection);
    const lease = await connection.lease('shared');
    const events = ring.poll(lease, POLL.RDHUP | POLL.HUP | POLL.ERR, { multishot: true });
    const first = events.next();
    peer.write(message(wire, 'served'));
    await until(() => got().toString() === 'served');
    peer.destroy();
    const { value = 0 } = await first;
    expect(value & (POLL.RDHUP | POLL.HUP | POLL.ERR)).not.toBe(0);
    await until(() => connection.readyState === 3 || lease.released || !isWebSocket(wire));
    lease.release();
    connection.terminate();
  });

  it('tells of what came before its lease was taken away', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const got = delivered(connection);
    const lease = await connection.lease('shared');
    const events = ring.poll(lease, POLL.RDHUP, { multishot: true });
    const first = events.next();
    peer.write(message(wire, 'polled by now'));
    await until(() => got().length > 0);
    // In one turn of the event loop, which so has no part in it: the kernel alone has been told.
    const { socket } = lease;
    const standing = () => {
      try {
        return socket.tcpInfo().state === 'ESTABLISHED';
      } catch {
        return false; // the worker has ended the connection, and with it the lease
      }
    };
    const end = performance.now() + 10_000;
    peer.destroy();
    while (standing() && performance.now() < end);
    connection.terminate();
    expect((await first).value & POLL.RDHUP).not.toBe(0);
    // The worker may have shut the socket down meanwhile, which is an event as well.
    const rest = async () => {
      while (!(await events.next()).done);
    };
    expect((await rejection(rest())).code).toBe('ERR_LEASE_REVOKED');
  });

  it('refuses on a shared lease what would move bytes', async () => {
    const { connection } = await open(own.pool, wire);
    const lease = await connection.lease('shared');
    expect((await rejection(ring.recv(lease, Buffer.alloc(1)))).code).toBe('ERR_LEASE_MODE');
    expect((await rejection(ring.send(lease, Buffer.alloc(1)))).code).toBe('ERR_LEASE_MODE');
    expect(await ring.poll(lease, POLL.OUT)).toBe(POLL.OUT);
    lease.release();
    connection.terminate();
  });
});

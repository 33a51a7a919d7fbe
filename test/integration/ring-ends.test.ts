import net from 'node:net';
import { createPool, POLL, Ring } from 'lws-pool';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addon,
  delivered,
  hold,
  message,
  open,
  own as ownFrame,
  place,
  until,
} from '../fixtures/leases.js';
import { ending, rejection, usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

const own = usePool();
let ring: Ring;
beforeAll(() => {
  ring = new Ring({ registered: 2 });
});
afterAll(() => ring.close());

/** Something of each kind in flight under an exclusive lease. */
async function busy(wire: 'ws' | 'tcp', maxHold?: number) {
  const ends = await open(own.pool, wire);
  const lease = await hold(ends.connection, 'exclusive', { maxHold });
  const watched = ring.poll(lease, POLL.PRI, { multishot: true });
  const operations = [
    rejection(ring.recv(lease, Buffer.alloc(1000))),
    rejection(ring.poll(lease, POLL.PRI)),
    rejection(watched.next()),
  ];
  const codes = async () => (await Promise.all(operations)).map(({ code }) => code);
  return { ...ends, lease, codes };
}
const all = (code: string) => [code, code, code];

describe.each(['ws', 'tcp'] as const)('operations in flight on %s', (wire) => {
  it('end with their lease, when it expires, and the connection goes on', async () => {
    const { connection, peer, codes } = await busy(wire, 300);
    const got = delivered(connection);
    expect(await codes()).toEqual(all('ERR_LEASE_EXPIRED'));
    peer.write(message(wire, 'on'));
    await until(() => got().toString() === 'on');
    connection.terminate();
  });

  it('end when the connection is terminated', async () => {
    const { connection, codes } = await busy(wire);
    const end = ending(connection);
    connection.terminate();
    expect(await codes()).toEqual(all('ERR_LEASE_REVOKED'));
    await end;
  });

  it('can be cancelled all together, and the lease goes on', async () => {
    const { connection, lease, codes, peer } = await busy(wire);
    ring.cancel(lease);
    expect(await codes()).toEqual(all('ERR_ABORTED'));
    const bytes = message(wire, 'x');
    peer.write(bytes);
    expect(await ring.recv(lease, Buffer.alloc(bytes.length), { all: true })).toBe(bytes.length);
    lease.release();
    connection.terminate();
  });

  it('end before the connection is detached, with nothing of it lost', async () => {
    const { lease, codes, peer } = await busy(wire);
    const { fd } = lease.detach();
    expect(await codes()).toEqual(all('ERR_ABORTED'));
    const socket = new net.Socket({ fd });
    peer.write('for the new owner');
    const [data] = await new Promise<Buffer[]>((resolve) => {
      socket.once('data', (chunk) => resolve([chunk as Buffer]));
    });
    expect(String(data)).toBe('for the new owner');
    socket.destroy();
  });

  it('tell of a peer that ends, or resets', async () => {
    for (const how of ['end', 'reset'] as const) {
      const { connection, peer } = await open(own.pool, wire);
      const end = ending(connection);
      const lease = await hold(connection);
      const outcome = ring.recv(lease, Buffer.alloc(10)).then(
        (count) => count,
        ({ details }) => details.errno,
      );
      if (how === 'end') peer.end();
      else (peer as net.Socket).resetAndDestroy();
      expect(await outcome).toBe(how === 'end' ? 0 : 'ECONNRESET');
      lease.release();
      if (how === 'reset') expect((await end).error?.code).toBe('ERR_CONNECTION_LOST');
      else connection.terminate();
    }
  });

  it('end by a signal', async () => {
    const { connection } = await open(own.pool, wire);
    const lease = await hold(connection);
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = rejection(ring.recv(lease, Buffer.alloc(10), { signal }));
    // One reads at a time.
    const second = await rejection(ring.recv(lease, Buffer.alloc(10)));
    expect([second.code, second.details.errno]).toEqual(['ERR_LEASE_OPERATION', 'EBUSY']);
    controller.abort('enough');
    const error = await waiting;
    expect([error.code, error.cause]).toEqual(['ERR_ABORTED', 'enough']);
    expect((await rejection(ring.recv(lease, Buffer.alloc(10), { signal }))).code).toBe(
      'ERR_ABORTED',
    );
    const later = new AbortController();
    const linked = ring.link(() => [
      ring.timeout(60_000, { signal: later.signal }),
      ring.recv(lease, Buffer.alloc(10)),
    ]);
    later.abort();
    const codes = (await Promise.allSettled(linked)).map((one) =>
      one.status === 'rejected' ? one.reason.code : 'done',
    );
    expect(codes).toEqual(['ERR_ABORTED', 'ERR_ABORTED']);
    lease.release();
    connection.terminate();
  });
});

describe('a chain that has not come as far as an operation', () => {
  it('ends with the lease of that operation', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    const lease = await hold(connection);
    const [waiting, receiving] = ring.link(() => [
      rejection(ring.timeout(600_000)),
      rejection(ring.recv(lease, Buffer.alloc(10))),
    ]);
    lease.release();
    expect((await receiving).code).toBe('ERR_LEASE_RELEASED');
    expect((await waiting).code).toBe('ERR_ABORTED');
    const got = delivered(connection);
    peer.write(message('ws', 'on'));
    await until(() => got().toString() === 'on');
    connection.terminate();
  });

  it('ends on all leases when one of them ends', async () => {
    const first = await open(own.pool, 'ws');
    const second = await open(own.pool, 'ws');
    const lease = await hold(first.connection);
    const other = await hold(second.connection);
    const [receiving, limit, behind, last] = ring.link(() => [
      rejection(ring.recv(other, Buffer.alloc(10))),
      ring.linkTimeout(600_000),
      rejection(ring.recv(lease, Buffer.alloc(10))),
      rejection(ring.poll(other, POLL.PRI)),
    ]);
    lease.release();
    expect((await behind).code).toBe('ERR_LEASE_RELEASED');
    expect([(await receiving).code, (await last).code]).toEqual(['ERR_ABORTED', 'ERR_ABORTED']);
    expect(await limit).toBe(false);
    expect(other.released).toBe(false);
    other.release();
    first.connection.terminate();
    second.connection.terminate();
  });
});

describe('a request', () => {
  const much = Buffer.alloc(32 << 20);

  it.each(['release', 'signal', 'close'] as const)('ends half sent: %s', async (how) => {
    const { connection, peer } = await open(own.pool, 'tcp');
    peer.pause();
    const lease = await hold(connection);
    const other = new Ring();
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const waiting = rejection(other.request(lease, much, Buffer.alloc(10), options));
    // Some of it is on its way.
    await until(() => lease.socket.unsent() > 0);
    if (how === 'release') lease.release();
    else if (how === 'signal') controller.abort();
    else await other.close();
    const code = { release: 'ERR_LEASE_RELEASED', signal: 'ERR_ABORTED', close: 'ERR_RING_CLOSED' };
    expect((await waiting).code).toBe(code[how]);
    expect(other.inFlight).toBe(0);
    lease.release();
    await other.close();
    connection.terminate();
  });

  it('whose answer never comes tells what became of its sending', async () => {
    const { connection, peer } = await open(own.pool, 'tcp');
    const end = ending(connection);
    const lease = await hold(connection);
    peer.pause();
    const waiting = rejection(ring.request(lease, much, Buffer.alloc(10)));
    await until(() => lease.socket.unsent() > 0);
    peer.resetAndDestroy();
    const { code, details } = await waiting;
    expect([code, details.syscall]).toEqual(['ERR_LEASE_OPERATION', 'send']);
    expect(['ECONNRESET', 'EPIPE']).toContain(details.errno);
    lease.release();
    expect((await end).error?.code).toBe('ERR_CONNECTION_LOST');
  });

  it('breaks a WebSocket whose frame it leaves half sent', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    const end = ending(connection);
    peer.pause();
    const lease = await hold(connection);
    const waiting = rejection(ring.request(lease, ownFrame('ws', much), Buffer.alloc(10)));
    await until(() => lease.socket.unsent() > 0);
    lease.release();
    expect((await waiting).code).toBe('ERR_LEASE_RELEASED');
    expect((await end).error?.code).toBe('ERR_LEASE_TAINTED');
  });

  it('is refused in a chain', async () => {
    const { connection } = await open(own.pool, 'tcp');
    const lease = await hold(connection);
    const build = () => ring.request(lease, Buffer.alloc(1), Buffer.alloc(1));
    expect(() => ring.link(build)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
    );
    lease.release();
    connection.terminate();
  });
});

it('answers behind one that shows that its lease is over are told', async () => {
  const first = await open(own.pool, 'tcp');
  const second = await open(own.pool, 'tcp');
  const lease = await hold(first.connection, 'exclusive', { maxHold: 20 });
  const other = await hold(second.connection);
  const controller = new AbortController();
  const chain = ring.link(() => [
    rejection(ring.recv(lease, Buffer.alloc(10), { signal: controller.signal })),
    rejection(ring.poll(other, POLL.PRI)),
    rejection(ring.readv(other, [Buffer.alloc(5), Buffer.alloc(5)])),
  ]);
  // Ended under the nose of those above: more answers than there are behind the first.
  const watching = Array.from({ length: 5 }, () => rejection(ring.poll(lease, POLL.PRI)));
  await new Promise(setImmediate);
  // Only the worker knows of the end: this thread does not get to hear of it.
  const [channel, slot, generation] = place(first.connection);
  const leases = new addon.Leases(channel, 'main');
  while (leases.check(slot, generation, Number(lease.token)) === 0);
  controller.abort();
  const codes = async (all: Promise<{ code: string }>[]) =>
    (await Promise.all(all)).map(({ code }) => code);
  expect(await codes(chain)).toEqual(['ERR_LEASE_EXPIRED', 'ERR_ABORTED', 'ERR_ABORTED']);
  expect(await codes(watching)).toEqual(Array(5).fill('ERR_LEASE_EXPIRED'));
  other.release();
  first.connection.terminate();
  second.connection.terminate();
});

describe('a ring that is closed', () => {
  it('ends what is in flight, and its leases stay', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    const lease = await hold(connection);
    const other = new Ring();
    const waiting = rejection(other.recv(lease, Buffer.alloc(10)));
    await Promise.all([other.close(), other.close()]);
    expect((await waiting).code).toBe('ERR_RING_CLOSED');
    expect((await rejection(other.recv(lease, Buffer.alloc(10)))).code).toBe('ERR_RING_CLOSED');
    expect((await rejection(other.timeout(1))).code).toBe('ERR_RING_CLOSED');
    other.cancel(lease);
    expect([other.closed, other.inFlight, lease.released]).toEqual([true, 0, false]);
    lease.release();
    const got = delivered(connection);
    peer.write(message('ws', 'on'));
    await until(() => got().toString() === 'on');
    connection.terminate();
  });

  it('frees a chain that was not begun', async () => {
    const { connection, received } = await open(own.pool, 'ws');
    const lease = await hold(connection);
    const small = new Ring({ entries: 2 });
    const bytes = ownFrame('ws', 'x');
    const parts: Promise<unknown>[] = [];
    const chain = () => {
      for (let i = 0; i < 3; i++) parts.push(small.send(lease, bytes));
    };
    expect(() => small.link(chain)).toThrow(expect.objectContaining({ code: 'ERR_RING_FULL' }));
    expect((await rejection(parts[0] as Promise<unknown>)).code).toBe('ERR_ABORTED');
    expect(await small.send(lease, bytes)).toBe(bytes.length);
    await until(() => received().length === bytes.length);
    await small.close();
    lease.release();
    connection.terminate();
  });
});

describe('a pool that ends with operations in flight', () => {
  it.each(['close', 'destroy'] as const)('%s', async (how) => {
    const pool = await createPool({ threads: 1 });
    const connection = await pool.connect(`ws://127.0.0.1:${await wsServer(echo)}/`);
    const lease = await hold(connection);
    const waiting = rejection(ring.recv(lease, Buffer.alloc(10)));
    if (how === 'close') {
      const closed = pool.close({ timeout: 1000 });
      lease.release();
      await closed;
      expect((await waiting).code).toBe('ERR_LEASE_RELEASED');
    } else {
      await pool.destroy();
      expect((await waiting).code).toBe('ERR_LEASE_REVOKED');
    }
    expect(ring.inFlight).toBe(0);
  });
});

describe('what a ring refuses', () => {
  it.each<[string, (lease: never) => unknown]>([
    ['lease', () => ring.recv({} as never, Buffer.alloc(1))],
    ['into', (lease) => ring.recv(lease, Buffer.alloc(0))],
    ['into', (lease) => ring.readv(lease, [])],
    ['bytes', (lease) => ring.send(lease, 'text' as never)],
    ['bytes', (lease) => ring.request(lease, Buffer.alloc(0), Buffer.alloc(1))],
    ['into', (lease) => ring.request(lease, Buffer.alloc(1), [] as never)],
    ['events', (lease) => ring.poll(lease, 1.5)],
    ['milliseconds', () => ring.timeout(-1)],
    ['linkTimeout()', () => ring.linkTimeout(1)],
  ])('%s', async (argument, ask) => {
    const { connection } = await open(own.pool, 'ws');
    const lease = await hold(connection);
    const error = await rejection(ask(lease as never) as Promise<unknown>);
    expect([error.code, error.details.argument]).toEqual(['ERR_INVALID_ARGUMENT', argument]);
    lease.release();
    connection.terminate();
  });
});

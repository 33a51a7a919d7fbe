import {
  type Connection,
  createMemoryBio,
  type Lease,
  type LeaseTls,
  type MemoryBio,
} from 'lws-pool';
import { describe, expect, it } from 'vitest';
import {
  delivered,
  hold,
  isSecure,
  open,
  own as ownFrame,
  thrown,
  until,
  WIRES,
} from '../fixtures/leases.js';
import { ending, usePool } from '../fixtures/pool.js';
import { frame } from '../fixtures/servers.js';

const own = usePool();

function tlsOf({ tls }: Lease<Connection>): LeaseTls {
  if (tls === undefined) throw new Error('no TLS');
  return tls;
}

/** Moves bytes between a memory BIO and the socket, as any means of moving them would. */
function move({ socket }: Lease<Connection>, memory: MemoryBio): void {
  const into = Buffer.alloc(1000);
  for (let count = socket.read(into); count > 0; count = socket.read(into)) {
    expect(memory.feed(into.subarray(0, count))).toBe(count);
  }
  while (memory.untaken > 0) {
    const bytes = memory.take(700);
    for (let at = 0; at < bytes.length; ) at += Math.max(0, socket.write(bytes.subarray(at)));
  }
}

describe.each(WIRES.filter(isSecure))('a memory BIO in the place of the socket: %s', (wire) => {
  it('carries TLS over bytes that the holder moves, and the connection goes on', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const got = delivered(connection);
    peer.write(frame(2, 'before'));
    await until(() => got().length === 6);
    const lease = await hold(connection);
    const tls = tlsOf(lease);
    expect(lease.fd).toBeGreaterThan(0); // from here on the kernel's counts are compared
    const memory = createMemoryBio();
    tls.pushBio(memory);
    expect(thrown(() => tls.pushBio(memory)).code).toBe('ERR_TLS_OPERATION');

    const mine = ownFrame(wire, Buffer.alloc(5_000, 'o'));
    expect(tls.write(mine)).toBe(mine.length);
    expect(memory.untaken).toBeGreaterThan(mine.length);
    expect(received().length).toBe(0);
    expect(thrown(() => tls.popBio()).details.reason).toContain('nobody has taken');
    move(lease, memory);
    await until(() => received().length === mine.length);

    peer.write(frame(2, Buffer.alloc(5_000, 'p')));
    const theirs: Buffer[] = [];
    const size = () => theirs.reduce((sum, { length }) => sum + length, 0);
    await until(() => {
      move(lease, memory);
      const into = Buffer.alloc(4_000);
      const count = tls.read(into);
      if (count > 0) theirs.push(into.subarray(0, count));
      return size() === 5_004;
    });
    expect(Buffer.concat(theirs).equals(frame(2, Buffer.alloc(5_000, 'p')))).toBe(true);
    const figures = tls.popBio();
    if (figures.type !== 'memory') throw new Error(figures.type);
    expect(figures.fed).toBeGreaterThan(5_000n);
    expect(figures.taken).toBeGreaterThan(5_000n);
    lease.release();

    peer.write(frame(2, 'after'));
    connection.send('after');
    await until(() => got().length === 11);
    await until(() => received().length > mine.length);
    expect(connection.error).toBeUndefined();
    connection.terminate();
  });

  it('that is left there taints the connection', async () => {
    const { connection } = await open(own.pool, wire);
    const lease = await hold(connection);
    const memory = createMemoryBio();
    tlsOf(lease).pushBio(memory);
    const end = ending(connection);
    lease.release();
    const { error } = await end;
    expect(error?.code).toBe('ERR_LEASE_TAINTED');
    expect(error?.details.reason).toContain('memory BIO');
    expect(memory.feed(Buffer.from('late'))).toBe(4);
    expect(memory.take()).toBeInstanceOf(Buffer);
  });

  it('is bounded, and reads the end that it is told of', async () => {
    const { connection } = await open(own.pool, wire);
    const lease = await hold(connection);
    const tls = tlsOf(lease);
    const memory = createMemoryBio({ limit: 4_096 });
    tls.pushBio(memory);
    expect(tls.write(ownFrame(wire, Buffer.alloc(10_000)))).toBe(-1);
    expect(memory.untaken).toBe(4_096);
    expect(memory.feed(Buffer.alloc(5_000))).toBe(4_096);
    expect(memory.unread).toBe(4_096);
    lease.release();
    const other = await open(own.pool, wire);
    const second = await hold(other.connection);
    const ended = createMemoryBio();
    tlsOf(second).pushBio(ended);
    ended.end();
    expect(ended.feed(Buffer.from('x'))).toBe(0);
    expect(thrown(() => tlsOf(second).read(Buffer.alloc(1))).code).toBe('ERR_LEASE_OPERATION');
    second.release();
  });
});

it('takes sensible arguments only', () => {
  for (const limit of [0, 1023, 2 ** 40, '1']) {
    expect(thrown(() => createMemoryBio({ limit: limit as number })).code).toBe(
      'ERR_INVALID_OPTION',
    );
  }
  const memory = createMemoryBio();
  expect(thrown(() => memory.feed('text' as never)).code).toBe('ERR_INVALID_ARGUMENT');
  for (const most of [0, -1, 1.5]) {
    expect(thrown(() => memory.take(most)).code).toBe('ERR_INVALID_ARGUMENT');
  }
});

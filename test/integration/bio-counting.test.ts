import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { type Connection, createPool, type LeaseTls } from 'lws-pool';
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
import { rejection, usePool } from '../fixtures/pool.js';
import { frame } from '../fixtures/servers.js';

const own = usePool();

const SECURE = WIRES.filter(isSecure);

/** What the kernel has moved of a connection at rest, as it counts itself. */
async function kernelCounts(connection: Connection) {
  return await connection.withLease('shared', ({ socket }) => {
    const info = socket.tcpInfo();
    return {
      read: Number(info.bytesReceived) - socket.unread(),
      written: Number(info.bytesSent) - Number(info.bytesRetrans) + (info.notsentBytes ?? 0),
    };
  });
}

function tlsOf({ tls }: { readonly tls: LeaseTls | undefined }): LeaseTls {
  if (tls === undefined) throw new Error('no TLS');
  return tls;
}

function figures(connection: Connection) {
  return connection.withLease('shared', (lease) => {
    const counter = tlsOf(lease).bio('counter');
    if (counter === undefined) throw new Error('no counter');
    return { read: Number(counter.read.bytes), written: Number(counter.written.bytes) };
  });
}

describe.each(SECURE)('BIOs that are there from the first byte: %s', (wire) => {
  it('a counter and the kernel count the same, handshake and traffic', async () => {
    const { connection, peer, received } = await open(own.pool, wire, {
      tls: { bio: { type: 'counter' } },
    });
    // Both ends have the other's last word of the opening once a message has crossed.
    const got = delivered(connection);
    peer.write(frame(2, 'behind the handshake'));
    await until(() => got().length > 0);
    const opened = await figures(connection);
    expect(opened).toEqual(await kernelCounts(connection));
    expect(opened.read).toBeGreaterThan(500);
    expect(opened.written).toBeGreaterThan(300);
    connection.send(Buffer.alloc(300_000));
    await until(() => received().length > 300_000);
    const after = await figures(connection);
    expect(after).toEqual(await kernelCounts(connection));
    expect(after.written).toBeGreaterThan(opened.written + 300_000);
    connection.terminate();
  });

  it('a recorder has every record, and their lengths add up to what was counted', async () => {
    const before = Date.now();
    const { connection, peer } = await open(own.pool, wire, {
      tls: { bio: [{ type: 'counter' }, { type: 'recorder' }] },
    });
    const got = delivered(connection);
    peer.write(frame(2, Buffer.alloc(100_000)));
    await until(() => got().length === 100_000);
    connection.send('one record');
    await connection.flushed();
    const bios = await connection.withLease('shared', (lease) => tlsOf(lease).bios);
    expect(bios.map(({ type }) => type)).toEqual(['counter', 'recorder']);
    const [counter, recorder] = bios;
    if (counter?.type !== 'counter' || recorder?.type !== 'recorder') throw new Error('others');
    expect(recorder.lost).toBe(false);
    expect(recorder.total).toBe(BigInt(recorder.records.length));
    const sum = (direction: string) =>
      recorder.records
        .filter((record) => record.direction === direction)
        .reduce((bytes, { length }) => bytes + 5 + length, 0);
    expect(BigInt(sum('in'))).toBe(counter.read.bytes);
    expect(BigInt(sum('out'))).toBe(counter.written.bytes);
    expect(recorder.records[0]).toMatchObject({ direction: 'out', type: 'handshake' });
    expect(recorder.records.at(-1)).toMatchObject({ direction: 'out', type: 'application_data' });
    for (const { time } of recorder.records) {
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(Date.now() + 1);
    }
    connection.terminate();
  });

  it('a recorder keeps the latest', async () => {
    const { connection, received } = await open(own.pool, wire, {
      tls: { bio: { type: 'recorder', records: 3 } },
    });
    for (let size = 1; size <= 5; size++) {
      connection.send(Buffer.alloc(size * 100));
      await connection.flushed();
    }
    await until(() => received().length > 1_500);
    const recorder = await connection.withLease('shared', (lease) => tlsOf(lease).bio('recorder'));
    expect(recorder?.total).toBeGreaterThan(7n);
    const lengths = recorder?.records.map(({ length }) => Math.floor(length / 100));
    expect(lengths).toEqual([3, 4, 5]);
    connection.terminate();
  });
});

describe.each(SECURE)('BIOs under a lease: %s', (wire) => {
  it('are pushed and popped in mid-traffic, and nothing is lost', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const got = delivered(connection);
    let expected = '';
    for (let round = 0; round < 10; round++) {
      peer.write(frame(2, `${round};`));
      connection.send(`${round};`, { binary: true });
      expected += `${round};`;
      await until(() => got().length === expected.length);
      const lease = await hold(connection);
      const tls = tlsOf(lease);
      if (round % 2 === 0) {
        tls.pushBio({ type: 'counter' });
        tls.pushBio({ type: 'recorder' });
        expect(tls.bios.map(({ type }) => type)).toEqual(['counter', 'recorder']);
      } else {
        expect(tls.popBio()).toMatchObject({ type: 'recorder', lost: false });
        const counter = tls.popBio();
        if (counter.type !== 'counter') throw new Error(counter.type);
        expect(counter.read.bytes).toBeGreaterThan(0n);
        expect(counter.written.bytes).toBeGreaterThan(0n);
        expect(thrown(() => tls.popBio()).code).toBe('ERR_TLS_OPERATION');
      }
      lease.release();
    }
    await until(() => received().length === expected.length + 10 * 6);
    expect(got().toString()).toBe(expected);
    connection.terminate();
  });

  it('see what the holder reads and writes, and outlive the lease', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const got = delivered(connection);
    peer.write(frame(2, 'first'));
    await until(() => got().length === 5);
    const lease = await hold(connection);
    const tls = tlsOf(lease);
    tls.pushBio({ type: 'counter' });
    const mine = ownFrame(wire, 'by the holder');
    expect(tls.write(mine)).toBe(mine.length);
    const written = tls.bio('counter')?.written.bytes;
    expect(written).toBeGreaterThan(BigInt(mine.length));
    lease.release();
    connection.send('by the worker');
    await until(() => received().length > mine.length);
    expect((await figures(connection)).written).toBeGreaterThan(Number(written));
    connection.terminate();
  });

  it('need an exclusive lease', async () => {
    const { connection } = await open(own.pool, wire);
    const lease = await hold(connection, 'shared');
    const tls = tlsOf(lease);
    expect(thrown(() => tls.pushBio({ type: 'counter' })).code).toBe('ERR_LEASE_MODE');
    expect(thrown(() => tls.popBio()).code).toBe('ERR_LEASE_MODE');
    expect(tls.bios).toEqual([]);
    expect(tls.bio('recorder')).toBeUndefined();
    lease.release();
    expect(thrown(() => tls.bios).code).toBe('ERR_LEASE_RELEASED');
    connection.terminate();
  });

  it('a recorder waits until a record is complete', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const got = delivered(connection);
    peer.write(frame(2, 'x'));
    await until(() => got().length === 1);
    const lease = await hold(connection);
    const tls = tlsOf(lease);
    const big = frame(2, Buffer.alloc(16_000));
    peer.write(big);
    // A part of it is read: the rest of the record lies in OpenSSL.
    const into = Buffer.alloc(1000);
    await until(() => tls.read(into) === 1000);
    expect(thrown(() => tls.pushBio({ type: 'recorder' })).code).toBe('ERR_TLS_OPERATION');
    let left = big.length - 1000;
    while (left > 0) {
      const count = tls.read(into);
      if (count > 0) left -= count;
      else
        await once(peer as TLSSocket, 'drain', { signal: AbortSignal.timeout(5) }).catch(() => 0);
    }
    tls.pushBio({ type: 'recorder' });
    lease.release();
    peer.write(frame(2, 'y'));
    await until(() => got().length === 2);
    const recorder = await connection.withLease('shared', (shared) =>
      tlsOf(shared).bio('recorder'),
    );
    expect(recorder).toMatchObject({ lost: false, total: 1n });
    connection.terminate();
  });
});

it('a pool has BIOs for all of its connections, and each connection its own', async () => {
  const pool = await createPool({ threads: 1, tls: { bio: { type: 'counter' } } });
  const one = await open(pool, 'wss TLSv1.3');
  const other = await open(pool, 'wss TLSv1.3');
  const without = await open(pool, 'wss TLSv1.3', { tls: { bio: [] } });
  const plain = await open(pool, 'ws');
  one.connection.send(Buffer.alloc(10_000));
  await one.connection.flushed();
  expect((await figures(one.connection)).written).toBeGreaterThan(10_000);
  expect((await figures(other.connection)).written).toBeLessThan(10_000);
  await without.connection.withLease('shared', (lease) => expect(tlsOf(lease).bios).toEqual([]));
  expect(plain.connection.readyState).toBe(1);
  await pool.close({ timeout: 1000 });
});

it('an option that is wrong is refused before anything is sent', async () => {
  for (const bio of [{ type: 'none' }, { type: 'recorder', records: 0 }, 1, null]) {
    const connecting = own.pool.connect('wss://localhost:1/', { tls: { bio: bio as never } });
    expect((await rejection(connecting)).code).toBe('ERR_INVALID_OPTION');
  }
});

import { type Connection, createPool } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { hold, open, pause } from '../fixtures/leases.js';
import { rejection, usePool } from '../fixtures/pool.js';
import { wsServer } from '../fixtures/servers.js';

const own = usePool({ threads: 2 });

async function several(count: number): Promise<Connection[]> {
  const port = await wsServer(() => undefined);
  const url = `ws://127.0.0.1:${port}/`;
  return Promise.all(Array.from({ length: count }, () => own.pool.connect(url)));
}

const isFree = (connection: Connection) => {
  const lease = connection.tryLease('exclusive');
  lease?.release();
  return lease !== undefined;
};

describe('leaseAll()', () => {
  it('answers in the order of the list, whatever that is', async () => {
    const connections = await several(20);
    const lists = [connections, [...connections].reverse(), new Set(connections)];
    for (const list of lists) {
      const leases = await own.pool.leaseAll(list, 'exclusive', { label: 'all' });
      expect(leases.map(({ connection }) => connection)).toEqual([...list]);
      expect(new Set(leases.map(({ label }) => label))).toEqual(new Set(['all']));
      for (const lease of leases) lease.release();
    }
    expect(await own.pool.leaseAll([], 'shared')).toEqual([]);
    for (const connection of connections) connection.terminate();
  });

  it('is all or none: one that is not granted in time', async () => {
    const connections = await several(5);
    const held = await hold(connections[2] as Connection);
    const start = performance.now();
    const asked = own.pool.leaseAll(connections, 'exclusive', { timeout: 40 });
    expect((await rejection(asked)).code).toBe('ERR_LEASE_TIMEOUT');
    expect(performance.now() - start).toBeLessThan(1000);
    expect(connections.map(isFree)).toEqual([true, true, false, true, true]);
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = rejection(own.pool.leaseAll(connections, 'shared', { signal }));
    await pause(5);
    controller.abort();
    expect((await aborted).code).toBe('ERR_ABORTED');
    held.release();
    expect(connections.every(isFree)).toBe(true);
    for (const connection of connections) connection.terminate();
  });

  it('is all or none: one that is closed, before or meanwhile', async () => {
    const connections = await several(5);
    const [first] = connections as [Connection];
    first.terminate();
    await first.close();
    const closed = await rejection(own.pool.leaseAll(connections, 'exclusive'));
    expect(closed).toMatchObject({
      code: 'ERR_CONNECTION_CLOSED',
      details: { connection: first.id },
    });
    const rest = connections.slice(1);
    const last = rest.at(-1) as Connection;
    const held = await hold(last);
    const asked = rejection(own.pool.leaseAll(rest, 'exclusive'));
    await pause(5);
    last.terminate();
    expect((await asked).code).toBe('ERR_CONNECTION_CLOSED');
    expect(held.released).toBe(true);
    expect(rest.slice(0, -1).every(isFree)).toBe(true);
    for (const connection of connections) connection.terminate();
  });

  it('refuses what is no connection, and one twice', async () => {
    const [one, two] = (await several(2)) as [Connection, Connection];
    for (const wrong of [undefined, 7, {}, [{}], [one, undefined], [one, two, one]]) {
      const asked = own.pool.leaseAll(wrong as never, 'exclusive');
      expect(await rejection(asked)).toMatchObject({
        code: 'ERR_INVALID_ARGUMENT',
        details: { argument: 'connections' },
      });
    }
    const { connection } = await open(own.pool, 'tcp');
    expect([one, two, connection].every(isFree)).toBe(true);
    for (const each of [one, two, connection]) each.terminate();
  });

  it('never waits for another that has the reverse order', async () => {
    const connections = await several(12);
    const reversed = [...connections].reverse();
    let inside = 0;
    const caller = async (list: Connection[]) => {
      for (let i = 0; i < 50; i++) {
        const leases = await own.pool.leaseAll(list, 'exclusive', { timeout: 10_000 });
        expect(++inside).toBe(1);
        if (i % 3 === 0) await pause(1);
        inside--;
        for (const lease of leases) lease.release();
      }
    };
    await Promise.all([caller(connections), caller(reversed), caller(reversed.slice(3))]);
    for (const connection of connections) connection.terminate();
  });

  it('looks at two thousand connections at once', async () => {
    const port = await wsServer(() => undefined, { host: '0.0.0.0' });
    const pool = await createPool({ threads: 2 });
    // Both ends of each are in this process, which has only so many descriptors.
    const count = 2000;
    const connections: Connection[] = [];
    while (connections.length < count) {
      const url = `ws://127.0.0.${1 + Math.floor(connections.length / 1000)}:${port}/`;
      const batch = Array.from({ length: 200 }, () => pool.connect(url));
      connections.push(...(await Promise.all(batch)));
    }
    for (let round = 0; round < 10_000 / count; round++) {
      const leases = await pool.leaseAll(connections, 'shared');
      const states = leases.map(({ socket }) => socket.tcpInfo().state);
      expect(new Set(states)).toEqual(new Set(['ESTABLISHED']));
      for (const lease of leases) lease.release();
    }
    const leases = await pool.leaseAll(connections, 'exclusive');
    expect(new Set(leases.map(({ connection }) => connection.id)).size).toBe(count);
    await pool.destroy();
    expect(leases.every(({ released }) => released)).toBe(true);
  });
});

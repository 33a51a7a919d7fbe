import { type Connection, createPool } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { open, pause } from '../fixtures/leases.js';
import { rejection, usePool } from '../fixtures/pool.js';

const own = usePool({ lease: { timeout: 5000, detectDeadlocks: true } });

const deadlock = { code: 'ERR_LEASE_DEADLOCK' };

async function helper(connection: Connection) {
  await pause(1);
  const lease = await connection.lease('exclusive', { label: 'inner' });
  lease.release();
}

describe('a lease that would wait for its own caller is refused', () => {
  it.each([
    ['exclusive', 'exclusive'],
    ['exclusive', 'shared'],
    ['shared', 'exclusive'],
  ] as const)('after await: %s, then %s', async (outer, inner) => {
    const { connection } = await open(own.pool, 'ws');
    const lease = await connection.lease(outer);
    const error = await rejection(connection.lease(inner, { label: 'inner' }));
    expect(error).toMatchObject({
      ...deadlock,
      details: { connection: connection.id, label: 'inner' },
    });
    expect((await rejection(connection.withLease(inner, () => 1))).code).toBe(deadlock.code);
    lease.release();
    (await connection.lease('exclusive')).release();
    connection.terminate();
  });

  it('in withLease(), and in what it calls, however deep', async () => {
    const { connection } = await open(own.pool, 'ws');
    await connection.withLease('exclusive', async () => {
      expect(await rejection(helper(connection))).toMatchObject(deadlock);
      await Promise.resolve().then(() => pause(1));
      expect(await rejection(helper(connection))).toMatchObject(deadlock);
      const timer = new Promise<void>((resolve, reject) => {
        setTimeout(() => helper(connection).then(resolve, reject), 1);
      });
      expect(await rejection(timer)).toMatchObject(deadlock);
    });
    await helper(connection);
    connection.terminate();
  });

  it('after a lease that had to be waited for', async () => {
    const { connection } = await open(own.pool, 'ws');
    const first = connection.withLease('exclusive', () => pause(10));
    const lease = await connection.lease('exclusive');
    expect(await rejection(connection.lease('exclusive'))).toMatchObject(deadlock);
    lease.release();
    await first;
    connection.terminate();
  });

  it('after leaseAll(), and by leaseAll()', async () => {
    const one = (await open(own.pool, 'ws')).connection;
    const two = (await open(own.pool, 'ws')).connection;
    const leases = await own.pool.leaseAll([one, two], 'exclusive');
    expect(await rejection(one.lease('shared'))).toMatchObject(deadlock);
    expect(await rejection(two.lease('exclusive'))).toMatchObject(deadlock);
    expect(await rejection(own.pool.leaseAll([two], 'shared'))).toMatchObject(deadlock);
    leases[0]?.release();
    (await one.lease('exclusive')).release();
    expect(await rejection(two.lease('exclusive'))).toMatchObject(deadlock);
    leases[1]?.release();
    (await two.lease('exclusive')).release();
    one.terminate();
    two.terminate();
  });
});

describe('no deadlock is seen where there is none', () => {
  it('two shared leases, and another connection', async () => {
    const one = (await open(own.pool, 'ws')).connection;
    const two = (await open(own.pool, 'ws')).connection;
    const leases = [
      await one.lease('shared'),
      await one.lease('shared'),
      await two.lease('exclusive'),
    ];
    for (const lease of leases) lease.release();
    one.terminate();
    two.terminate();
  });

  it('tasks beside each other', async () => {
    const { connection } = await open(own.pool, 'ws');
    let inside = 0;
    const task = async () => {
      for (let i = 0; i < 5; i++) {
        const lease = await connection.lease('exclusive');
        expect(++inside).toBe(1);
        await pause(1);
        inside--;
        lease.release();
      }
    };
    await Promise.all([task(), task(), task()]);
    const withs = [1, 2, 3].map(() => connection.withLease('exclusive', () => pause(1)));
    await Promise.all(withs);
    connection.terminate();
  });

  it('who has started a task that holds the connection, and goes on without it', async () => {
    const { connection } = await open(own.pool, 'ws');
    let holds = false;
    const task = async () => {
      const lease = await connection.lease('exclusive');
      holds = true;
      await pause(20);
      lease.release();
    };
    const started = task();
    await pause(5);
    expect(holds).toBe(true);
    const lease = await connection.lease('exclusive');
    lease.release();
    await started;
    connection.terminate();
  });

  it('once the lease is over: released, expired, or its connection closed', async () => {
    const { connection } = await open(own.pool, 'ws');
    for (let i = 0; i < 100; i++) (await connection.lease('exclusive')).release();
    await connection.lease('exclusive', { maxHold: 20 });
    await pause(40);
    (await connection.lease('exclusive')).release();
    await connection.lease('exclusive');
    connection.terminate();
    await connection.close();
    expect((await rejection(connection.lease('exclusive'))).code).toBe('ERR_CONNECTION_CLOSED');
  });

  it('a listener that is called while somebody holds the connection', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    const other = await open(own.pool, 'ws');
    const asked = new Promise<void>((resolve, reject) => {
      other.connection.once('message', () => {
        connection.lease('exclusive').then((lease) => resolve(lease.release()), reject);
      });
    });
    const lease = await connection.lease('exclusive');
    other.peer.write(Buffer.from([0x82, 1, 0x2a]));
    await pause(20);
    lease.release();
    await asked;
    peer.destroy();
    connection.terminate();
    other.connection.terminate();
  });
});

it('without the option it is not looked for: the wait ends with its timeout', async () => {
  const pool = await createPool({ threads: 1 });
  try {
    const { connection } = await open(pool, 'ws');
    const lease = await connection.lease('exclusive');
    const error = await rejection(connection.lease('exclusive', { timeout: 20 }));
    expect(error.code).toBe('ERR_LEASE_TIMEOUT');
    lease.release();
  } finally {
    await pool.destroy();
  }
});

import { createPool, type PoolWarning, type WarningDetails } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { delivered, hold, message, open, pause, until } from '../fixtures/leases.js';
import { event, usePool } from '../fixtures/pool.js';

const own = usePool();

describe('maxHold', () => {
  it('makes way for those who wait, and the lease may be released after it', async () => {
    const { connection } = await open(own.pool, 'ws');
    const lease = await hold(connection, 'exclusive', { maxHold: 30 });
    // Nobody else gives it back.
    const next = await hold(connection, 'exclusive');
    expect(lease.released).toBe(true);
    lease.release();
    expect(next.released).toBe(false);
    expect(connection.tryLease('shared')).toBeUndefined();
    next.release();
    connection.terminate();
  });

  it('of a shared lease makes way for an exclusive one', async () => {
    const { connection } = await open(own.pool, 'ws');
    const lease = await hold(connection, 'shared', { maxHold: 30 });
    const next = await hold(connection, 'exclusive');
    expect(lease.released).toBe(true);
    expect(lease.signal.reason).toMatchObject({ code: 'ERR_LEASE_EXPIRED' });
    next.release();
    connection.terminate();
  });

  it('of a lease that had to be waited for is counted from its beginning', async () => {
    const { connection } = await open(own.pool, 'ws');
    const first = await hold(connection);
    const waiting = hold(connection, 'exclusive', { maxHold: 60 });
    await pause(80);
    first.release();
    const lease = await waiting;
    expect(lease.released).toBe(false);
    await new Promise((resolve) => lease.signal.addEventListener('abort', resolve));
    expect(lease.signal.reason).toMatchObject({ code: 'ERR_LEASE_EXPIRED' });
    connection.terminate();
  });

  it('is the default of the pool', async () => {
    const pool = await createPool({ threads: 1, lease: { maxHold: 300, timeout: 15 } });
    const { connection } = await open(pool, 'tcp');
    const lease = await hold(connection);
    await expect(hold(connection)).rejects.toMatchObject({ code: 'ERR_LEASE_TIMEOUT' });
    await until(() => lease.released);
    const long = await hold(connection, 'exclusive', { maxHold: 60_000 });
    await pause(350);
    expect(long.released).toBe(false);
    long.release();
    await pool.destroy();
  });

  it('needs no help of the main thread: the worker takes the connection back', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    const got = delivered(connection);
    const lease = await hold(connection, 'exclusive', { maxHold: 50 });
    const { socket } = lease;
    peer.write(message('ws', 'meanwhile'));
    await until(() => socket.unread() > 0);
    connection.send('out');
    await new Promise(setImmediate);
    expect(connection.bufferedAmount).toBeGreaterThan(0);
    const end = performance.now() + 200;
    while (performance.now() < end);
    // Nothing of the event loop has run since: the lease is over all the same.
    expect(() => socket.unread()).toThrow(expect.objectContaining({ code: 'ERR_LEASE_EXPIRED' }));
    expect(connection.bufferedAmount).toBe(0);
    await until(() => got().toString() === 'meanwhile');
    connection.terminate();
  });
});

describe('leakDetectionThreshold', () => {
  it('reports who holds for long, and that it has ended after all', async () => {
    const pool = await createPool({ threads: 1, lease: { leakDetectionThreshold: 20 } });
    const warnings: PoolWarning[] = [];
    pool.on('warning', (warning) => warnings.push(warning));
    const { connection } = await open(pool, 'ws');
    (await hold(connection)).release();
    const lease = await hold(connection, 'exclusive', { label: 'slow' });
    await event(pool, 'warning');
    expect(lease.released).toBe(false);
    lease.release();
    await pause(30);
    expect(warnings.map(({ code }) => code)).toEqual(['LEASE_OVERDUE', 'LEASE_RETURNED']);
    for (const warning of warnings) {
      expect(warning.connection).toBe(connection.id);
      const { heldFor, stack, ...details } = warning.details as WarningDetails['LEASE_OVERDUE'];
      expect(details).toEqual({ mode: 'exclusive', label: 'slow', token: lease.token });
      expect(heldFor).toBeGreaterThanOrEqual(18);
      expect(stack).toContain('leases.ts');
    }
    await pool.destroy();
  });
});

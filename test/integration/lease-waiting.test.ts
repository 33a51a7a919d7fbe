import { describe, expect, it } from 'vitest';
import { hold, open, pause, thrown, until, WIRES } from '../fixtures/leases.js';
import { event, rejection, usePool } from '../fixtures/pool.js';

const own = usePool();

describe('those who wait', () => {
  it.each(WIRES)('are served in the order of their asking: %s', async (wire) => {
    const { connection } = await open(own.pool, wire);
    const first = await hold(connection);
    const order: number[] = [];
    const tasks = Array.from({ length: 20 }, async (_, i) => {
      const lease = await connection.lease(i % 3 === 0 ? 'shared' : 'exclusive');
      order.push(i);
      if (i % 2 === 0) await pause(1);
      lease.release();
    });
    await pause(5);
    expect(order).toEqual([]);
    first.release();
    await Promise.all(tasks);
    expect(order).toEqual([...Array(20).keys()]);
    connection.terminate();
  });

  it('are alone with an exclusive lease, and together with shared ones', async () => {
    const { connection } = await open(own.pool, 'ws');
    const held = { exclusive: 0, shared: 0 };
    let most = 0;
    const tasks = Array.from({ length: 60 }, async (_, i) => {
      const mode = i % 6 === 0 ? 'exclusive' : 'shared';
      await connection.withLease(mode, async () => {
        held[mode]++;
        most = Math.max(most, held.shared);
        expect(held.exclusive).toBeLessThanOrEqual(1);
        if (held.exclusive === 1) expect(held.shared).toBe(0);
        await pause(i % 3);
        held[mode]--;
      });
    });
    await Promise.all(tasks);
    expect(most).toBeGreaterThan(1);
    connection.terminate();
  });

  it('exclusively get their turn however many share', async () => {
    const { connection } = await open(own.pool, 'ws');
    let done = false;
    let served = 0;
    const sharer = async () => {
      while (!done) {
        const lease = await connection.lease('shared');
        served++;
        await pause(2);
        lease.release();
      }
    };
    const sharers = [sharer(), pause(1).then(sharer), pause(2).then(sharer)];
    await until(() => served > 6);
    for (let i = 0; i < 5; i++) {
      const lease = await connection.lease('exclusive', { timeout: 1000 });
      lease.release();
    }
    done = true;
    await Promise.all(sharers);
    connection.terminate();
  });

  it('stand before a tryLease() that comes later', async () => {
    const { connection } = await open(own.pool, 'tcp');
    const shared = await hold(connection, 'shared');
    const waiting = hold(connection, 'exclusive');
    expect(connection.tryLease('shared')).toBeUndefined();
    shared.release();
    // The turn is the other's, though nobody holds the connection now.
    expect(connection.tryLease('exclusive')).toBeUndefined();
    (await waiting).release();
    expect(connection.tryLease('exclusive')).toBeDefined();
    connection.terminate();
  });
});

describe('tryLease()', () => {
  it('gives what is free, and nothing where somebody holds or waits', async () => {
    const { connection } = await open(own.pool, 'ws');
    const one = connection.tryLease('shared');
    const two = connection.tryLease('shared');
    expect([one?.mode, two?.mode]).toEqual(['shared', 'shared']);
    expect((two?.token ?? 0n) > (one?.token ?? 0n)).toBe(true);
    expect(connection.tryLease('exclusive')).toBeUndefined();
    one?.release();
    expect(connection.tryLease('exclusive')).toBeUndefined();
    two?.release();
    const three = connection.tryLease('exclusive', { label: 'third' });
    expect([three?.mode, three?.label]).toEqual(['exclusive', 'third']);
    expect(connection.tryLease('exclusive')).toBeUndefined();
    expect(connection.tryLease('shared')).toBeUndefined();
    three?.release();
    connection.terminate();
  });

  it('gives nothing while something that was sent has not left', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    peer.pause();
    connection.send(Buffer.alloc(20_000_000));
    expect(connection.tryLease('exclusive')).toBeUndefined();
    const lease = connection.tryLease('shared');
    expect(lease).toBeDefined();
    lease?.release();
    peer.resume();
    await connection.flushed();
    expect(connection.tryLease('exclusive')).toBeDefined();
    connection.terminate();
  });
});

describe('waiting ends', () => {
  it('when its time is up', async () => {
    const { connection } = await open(own.pool, 'ws');
    const held = await hold(connection);
    const start = performance.now();
    const error = await rejection(
      hold(connection, 'exclusive', { timeout: 40, label: 'impatient' }),
    );
    expect(error).toMatchObject({
      code: 'ERR_LEASE_TIMEOUT',
      details: { connection: connection.id, timeout: 40, label: 'impatient' },
    });
    expect(error.message).toContain('impatient');
    expect(performance.now() - start).toBeGreaterThan(35);
    expect((await rejection(hold(connection, 'shared', { timeout: 0 }))).code).toBe(
      'ERR_LEASE_TIMEOUT',
    );
    held.release();
    (await hold(connection, 'exclusive', { timeout: 0 })).release();
    connection.terminate();
  });

  it('when the peer does not take what was sent before', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    peer.pause();
    connection.send(Buffer.alloc(20_000_000));
    const error = await rejection(hold(connection, 'exclusive', { timeout: 50 }));
    expect(error.code).toBe('ERR_LEASE_TIMEOUT');
    peer.resume();
    await connection.flushed();
    (await hold(connection)).release();
    connection.terminate();
  });

  it("with the signal's reason", async () => {
    const { connection } = await open(own.pool, 'ws');
    const held = await hold(connection);
    const reason = new RangeError('enough');
    const controller = new AbortController();
    const failed = rejection(hold(connection, 'shared', { signal: controller.signal }));
    controller.abort(reason);
    expect(await failed).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    const late = await rejection(hold(connection, 'shared', { signal: controller.signal }));
    expect(late).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    held.release();
    // Also where the lease would be free.
    const free = await rejection(hold(connection, 'shared', { signal: controller.signal }));
    expect(free).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    const { signal } = controller;
    expect(thrown(() => connection.tryLease('shared', { signal }))).toMatchObject({
      code: 'ERR_ABORTED',
      cause: reason,
    });
    expect(connection.tryLease('exclusive')).toBeDefined();
    connection.terminate();
  });

  it('without a change to the order of the others', async () => {
    const { connection } = await open(own.pool, 'ws');
    const held = await hold(connection);
    const controller = new AbortController();
    const order: string[] = [];
    const waiter = async (name: string, options = {}) => {
      try {
        await connection.withLease('exclusive', options, () => order.push(name));
      } catch (error) {
        order.push(`${name} ${(error as { code: string }).code}`);
      }
    };
    const all = [
      waiter('a', { signal: controller.signal }),
      waiter('b'),
      waiter('c', { timeout: 20 }),
      waiter('d', { signal: controller.signal }),
      waiter('e'),
    ];
    await pause(40);
    controller.abort();
    await pause(1);
    held.release();
    await Promise.all(all);
    expect(order).toEqual(['c ERR_LEASE_TIMEOUT', 'a ERR_ABORTED', 'd ERR_ABORTED', 'b', 'e']);
    connection.terminate();
  });

  // The worker grants while the main thread gives up: nobody may be left with a lease.
  it('also while the worker is granting', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    let aborted = 0;
    for (let i = 0; i < 300; i++) {
      // What has not left yet sends the request to the worker.
      connection.send(Buffer.alloc(2000));
      const controller = new AbortController();
      const asked = hold(connection, 'exclusive', { signal: controller.signal });
      const turns = i % 5;
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      controller.abort();
      await asked.then(
        (lease) => lease.release(),
        () => aborted++,
      );
      const lease = await hold(connection, 'exclusive', { timeout: 5000 });
      lease.release();
    }
    expect(aborted).toBeGreaterThan(0);
    peer.destroy();
    await event(connection, 'close');
  });
});

import { describe, expect, it } from 'vitest';
import { addon, hold, open, place, thrown, until, WIRES } from '../fixtures/leases.js';
import { rejection, usePool } from '../fixtures/pool.js';
import { readRequest, switching, tcpServer } from '../fixtures/servers.js';

const own = usePool();

const NOT_ESTABLISHED = -2;
const CLOSED = -3;

describe('a connection that is over', () => {
  it.each(WIRES)('is not leased: %s', async (wire) => {
    const { connection } = await open(own.pool, wire);
    connection.terminate();
    await connection.close();
    expect((await rejection(connection.lease('exclusive'))).code).toBe('ERR_CONNECTION_CLOSED');
    expect((await rejection(connection.lease('shared'))).code).toBe('ERR_CONNECTION_CLOSED');
    expect(thrown(() => connection.tryLease('shared')).code).toBe('ERR_CONNECTION_CLOSED');
    const all = own.pool.leaseAll([connection], 'shared');
    expect((await rejection(all)).code).toBe('ERR_CONNECTION_CLOSED');
    const withOne = connection.withLease('shared', () => 1);
    expect((await rejection(withOne)).code).toBe('ERR_CONNECTION_CLOSED');
  });

  it('is not leased while it closes', async () => {
    const { connection } = await open(own.pool, 'ws');
    const closed = connection.close(1000); // the peer does not answer
    expect((await rejection(connection.lease('exclusive'))).code).toBe('ERR_CONNECTION_CLOSED');
    connection.terminate();
    await closed;
  });

  it('tells those who wait, and once the close handshake begins', async () => {
    const { connection } = await open(own.pool, 'ws');
    const lease = await hold(connection);
    const waiting = rejection(connection.lease('exclusive', { label: 'second' }));
    const shared = rejection(connection.lease('shared'));
    const closed = connection.close(1000);
    connection.terminate();
    expect((await waiting).code).toBe('ERR_CONNECTION_CLOSED');
    expect((await waiting).details.connection).toBe(connection.id);
    expect((await shared).code).toBe('ERR_CONNECTION_CLOSED');
    await closed;
    expect(lease.released).toBe(true);
  });
});

// connect() gives no connection before it stands, so this asks the addon: the slot of a connection
// that is over is the first to be taken again, by its next generation.
it('a connection that is not open yet is not established, and its predecessor is closed', async () => {
  const { connection: former } = await open(own.pool, 'ws');
  const [channel, slot, generation] = place(former);
  former.terminate();
  await former.close();

  let answer: (() => void) | undefined;
  const port = await tcpServer((socket) => {
    void readRequest(socket).then((request) => {
      answer = () => {
        socket.write(switching(request));
        socket.resume();
      };
    });
  });
  const opening = own.pool.connect(`ws://127.0.0.1:${port}/`);
  await until(() => answer !== undefined, 'the request');
  const leases = new addon.Leases(channel, 'main');
  for (const exclusive of [true, false]) {
    expect(leases.take(slot, generation + 1, exclusive, false, 0)).toBe(NOT_ESTABLISHED);
    expect(leases.take(slot, generation, exclusive, false, 0)).toBe(CLOSED);
    // A slot that was never used.
    expect(leases.take(500_000, 1, exclusive, false, 0)).toBe(NOT_ESTABLISHED);
  }
  answer?.();
  const connection = await opening;
  expect(place(connection)).toEqual([channel, slot, generation + 1]);
  const token = leases.take(slot, generation + 1, true, false, 0);
  expect(token).toBeGreaterThan(0);
  expect(leases.release(slot, generation + 1, token, -1)).toBe(0);
  connection.terminate();
});

describe('what is wrong is refused', () => {
  it.each([
    [{ timeout: -1 }, 'timeout'],
    [{ timeout: 1.5 }, 'timeout'],
    [{ timeout: 2 ** 31 }, 'timeout'],
    [{ timeout: '10' }, 'timeout'],
    [{ maxHold: 0 }, 'maxHold'],
    [{ maxHold: Number.NaN }, 'maxHold'],
    [{ maxHold: 2 ** 31 }, 'maxHold'],
    [{ boundary: 'message' }, 'boundary'],
    [{ signal: {} }, 'signal'],
    [{ label: 7 }, 'label'],
    [{ label: 'x'.repeat(201) }, 'label'],
    [{ timeuot: 5 }, 'timeuot'],
  ])('%o', async (options, name) => {
    const { connection } = await open(own.pool, 'tcp');
    const error = await rejection(connection.lease('shared', options as never));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toContain(name);
    expect(thrown(() => connection.tryLease('shared', options as never)).code).toBe(
      'ERR_INVALID_OPTION',
    );
    const all = own.pool.leaseAll([connection], 'shared', options as never);
    expect((await rejection(all)).code).toBe('ERR_INVALID_OPTION');
    // Nothing was taken.
    connection.tryLease('exclusive')?.release();
    connection.terminate();
  });

  it.each([undefined, null, 'Exclusive', '', 1, true, {}])('mode %o', async (mode) => {
    const { connection } = await open(own.pool, 'tcp');
    const wrong = mode as never;
    expect(await rejection(connection.lease(wrong))).toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
      details: { argument: 'mode' },
    });
    expect(thrown(() => connection.tryLease(wrong)).code).toBe('ERR_INVALID_ARGUMENT');
    const withOne = connection.withLease(wrong, () => 1);
    expect((await rejection(withOne)).code).toBe('ERR_INVALID_ARGUMENT');
    const all = own.pool.leaseAll([], wrong);
    expect((await rejection(all)).code).toBe('ERR_INVALID_ARGUMENT');
    connection.terminate();
  });

  it.each([[[]], [[{}]], [['x', undefined]], [[{}, 7]]])(
    'withLease() without a function: %o',
    async (rest) => {
      const { connection } = await open(own.pool, 'tcp');
      const withLease = connection.withLease as (...args: unknown[]) => Promise<unknown>;
      const error = await rejection(withLease.call(connection, 'shared', ...rest));
      expect(error.code).toBe('ERR_INVALID_ARGUMENT');
      connection.terminate();
    },
  );

  it('an operation of an exclusive lease on a shared one', async () => {
    const { connection } = await open(own.pool, 'wss TLSv1.3');
    const lease = await connection.lease('shared');
    const { socket, tls } = lease;
    const uses: [string, () => unknown][] = [
      ['ssl', () => lease.ssl],
      ['leftover', () => lease.leftover],
      ['confirmFrameBoundary()', () => lease.confirmFrameBoundary()],
      ['detach()', () => lease.detach()],
      ['detachToSocket()', () => lease.detachToSocket()],
      ['setOption()', () => socket.setOption('TCP_NODELAY', true)],
      ['read()', () => socket.read(Buffer.alloc(1))],
      ['write()', () => socket.write(Buffer.alloc(1))],
      ['shutdown()', () => socket.shutdown('both')],
      ["getOption('SO_ERROR')", () => socket.getOption('SO_ERROR')],
      ['read()', () => tls?.read(Buffer.alloc(1))],
      ['write()', () => tls?.write(Buffer.alloc(1))],
      ['updateKeys()', () => tls?.updateKeys()],
      ['shutdown()', () => tls?.shutdown()],
    ];
    for (const [operation, use] of uses) {
      expect(thrown(use)).toMatchObject({
        code: 'ERR_LEASE_MODE',
        details: { operation, mode: 'shared' },
      });
    }
    lease.release();
    connection.terminate();
  });
});

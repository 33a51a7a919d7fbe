import { closeSync, fstatSync, openSync } from 'node:fs';
import { type Connection, createPool, type Lease, type LwsPoolError } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import {
  addon,
  delivered,
  hold,
  message,
  open,
  pause,
  place,
  thrown,
  until,
} from '../fixtures/leases.js';
import { usePool } from '../fixtures/pool.js';

const own = usePool();

/** All that can be asked of a lease; socket and TLS were taken while it was held. */
function uses(lease: Lease<Connection>): [string, () => unknown][] {
  const { socket, tls } = lease;
  const all: [string, () => unknown][] = [
    ['fd', () => lease.fd],
    ['ssl', () => lease.ssl],
    ['socket', () => lease.socket],
    ['tls', () => lease.tls],
    ['leftover', () => lease.leftover],
    ['confirmFrameBoundary', () => lease.confirmFrameBoundary()],
    ['detach', () => lease.detach()],
    ['detachToSocket', () => lease.detachToSocket()],
    ['tcpInfo', () => socket.tcpInfo()],
    ['getOption', () => socket.getOption('SO_KEEPALIVE')],
    ['getOption by number', () => socket.getOption(1, 9, 4)],
    ['setOption', () => socket.setOption('SO_KEEPALIVE', true)],
    ['unsent', () => socket.unsent()],
    ['unread', () => socket.unread()],
    ['localAddress', () => socket.localAddress],
    ['localPort', () => socket.localPort],
    ['remoteAddress', () => socket.remoteAddress],
    ['remotePort', () => socket.remotePort],
    ['congestionControl', () => socket.congestionControl],
    ['read', () => socket.read(Buffer.alloc(10))],
    ['write', () => socket.write(Buffer.from('nonsense'))],
    ['shutdown', () => socket.shutdown('both')],
  ];
  if (tls === undefined) return all;
  return [
    ...all,
    ['protocol', () => tls.protocol],
    ['cipher', () => tls.cipher],
    ['alpn', () => tls.alpn],
    ['servername', () => tls.servername],
    ['peerCertificate', () => tls.peerCertificate],
    ['peerCertificates', () => tls.peerCertificates],
    ['verifyResult', () => tls.verifyResult],
    ['verifyError', () => tls.verifyError],
    ['session', () => tls.session],
    ['sessionReused', () => tls.sessionReused],
    ['finished', () => tls.finished],
    ['peerFinished', () => tls.peerFinished],
    ['ocspResponse', () => tls.ocspResponse],
    ['pending', () => tls.pending],
    ['exportKeyingMaterial', () => tls.exportKeyingMaterial(8, 'EXPORTER-x')],
    ['tls read', () => tls.read(Buffer.alloc(10))],
    ['tls write', () => tls.write(Buffer.from('nonsense'))],
    ['updateKeys', () => tls.updateKeys()],
    ['tls shutdown', () => tls.shutdown()],
  ];
}

/** Each use throws that, and what does not ask the connection still answers. */
function expectOver(all: [string, () => unknown][], lease: Lease<Connection>, code: string): void {
  for (const [name, use] of all) expect([name, thrown(use).code]).toEqual([name, code]);
  expect(lease.released).toBe(true);
  expect([lease.mode, lease.label]).toEqual(['exclusive', 'mine']);
  expect(lease.token).toBeGreaterThan(0n);
  expect(thrown(() => lease.fd).message).toContain('mine');
  lease.release();
  lease[Symbol.dispose]();
}

const WIRES = ['ws', 'wss TLSv1.3', 'wss TLSv1.2', 'tcp'] as const;

describe.each(WIRES)('a lease on %s throws and does nothing', (wire) => {
  it('after release(), which aborts no signal', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const got = delivered(connection);
    const lease = await hold(connection, 'exclusive', { label: 'mine' });
    const all = uses(lease);
    const { signal } = lease;
    lease.release();
    expectOver(all, lease, 'ERR_LEASE_RELEASED');
    expect([signal.aborted, lease.signal.aborted]).toEqual([false, false]);
    peer.write(message(wire, 'unharmed'));
    await until(() => got().toString() === 'unharmed');
    expect(received().length).toBe(0);
    connection.terminate();
  });

  it('after maxHold', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const got = delivered(connection);
    const lease = await hold(connection, 'exclusive', { label: 'mine', maxHold: 20 });
    const all = uses(lease);
    const { signal } = lease;
    expect(lease.expiresAt).toBe(lease.acquiredAt + 20);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    expect(signal.reason).toMatchObject({
      code: 'ERR_LEASE_EXPIRED',
      details: { connection: connection.id, label: 'mine', timeout: 20 },
    });
    expectOver(all, lease, 'ERR_LEASE_EXPIRED');
    peer.write(message(wire, 'unharmed'));
    await until(() => got().toString() === 'unharmed');
    expect(received().length).toBe(0);
    connection.terminate();
  });

  it('after terminate()', async () => {
    const { connection } = await open(own.pool, wire);
    const lease = await hold(connection, 'exclusive', { label: 'mine' });
    const all = uses(lease);
    const { signal } = lease;
    connection.terminate();
    await connection.close();
    expect(signal.reason).toMatchObject({ code: 'ERR_LEASE_REVOKED' });
    expectOver(all, lease, 'ERR_LEASE_REVOKED');
    // A signal that is asked for afterwards has been aborted.
    expect(lease.signal.aborted).toBe(true);
  });

  it('after the time for closing has run out', async () => {
    const { connection } = await open(own.pool, wire, { closeTimeout: 30 });
    const lease = await hold(connection, 'exclusive', { label: 'mine' });
    const all = uses(lease);
    await connection.close();
    expect(connection.error?.code).toBe('ERR_CLOSE_TIMEOUT');
    expect(lease.signal.reason).toMatchObject({
      code: 'ERR_LEASE_REVOKED',
      cause: { code: 'ERR_CLOSE_TIMEOUT' },
    });
    expectOver(all, lease, 'ERR_LEASE_REVOKED');
  });

  it('after pool.destroy()', async () => {
    const pool = await createPool({ threads: 1 });
    const { connection } = await open(pool, wire);
    const lease = await hold(connection, 'exclusive', { label: 'mine' });
    const waiting = hold(connection).catch((error: LwsPoolError) => error.code);
    const all = uses(lease);
    await pool.destroy(new Error('enough'));
    expect(lease.signal.reason).toMatchObject({
      code: 'ERR_LEASE_REVOKED',
      cause: { code: 'ERR_POOL_CLOSED' },
    });
    expectOver(all, lease, 'ERR_LEASE_REVOKED');
    expect(await waiting).toBe('ERR_CONNECTION_CLOSED');
  });

  it('after detach()', async () => {
    const { connection } = await open(own.pool, wire);
    const lease = await hold(connection, 'exclusive', { label: 'mine' });
    const all = uses(lease);
    const { fd } = lease.detach();
    expectOver(all, lease, 'ERR_LEASE_RELEASED');
    expect(thrown(() => lease.fd).message).toContain('detached');
    closeSync(fd);
  });
});

describe('lease.fd', () => {
  it('is a duplicate that is closed at release', async () => {
    const { connection } = await open(own.pool, 'ws');
    for (const mode of ['exclusive', 'shared'] as const) {
      const lease = await hold(connection, mode);
      const { fd } = lease;
      expect(lease.fd).toBe(fd);
      expect(fstatSync(fd).isSocket()).toBe(true);
      lease.release();
      expect(() => fstatSync(fd)).toThrow('EBADF');
    }
    connection.terminate();
  });

  it('leads nowhere once the connection has ended, and is closed at release', async () => {
    const { connection, peer } = await open(own.pool, 'tcp');
    const lease = await hold(connection);
    const { fd } = lease;
    const ended = new Promise((resolve) => peer.once('close', resolve));
    connection.terminate();
    await connection.close();
    peer.end();
    await ended; // the duplicate does not keep it open
    expect(fstatSync(fd).isSocket()).toBe(true);
    lease.release();
    expect(() => fstatSync(fd)).toThrow('EBADF');
  });

  it("is not closed when the number is somebody else's by then", async () => {
    const { connection } = await open(own.pool, 'tcp');
    const lease = await hold(connection);
    const { fd } = lease;
    connection.terminate();
    await connection.close();
    closeSync(fd);
    const others = [openSync('/dev/null', 'r')];
    while (others.at(-1) !== fd) others.push(openSync('/dev/null', 'r'));
    lease.release();
    for (const other of others) {
      expect(fstatSync(other).isCharacterDevice()).toBe(true);
      closeSync(other);
    }
  });
});

it('a lease reaches nothing of the connection that has taken slot and descriptor', async () => {
  const old = await open(own.pool, 'ws');
  const lease = await hold(old.connection, 'exclusive', { label: 'mine' });
  const { socket } = lease;
  const [channel, slot, generation] = place(old.connection);
  const { token } = lease;
  old.connection.terminate();
  await old.connection.close();
  const next = await open(own.pool, 'ws');
  expect(place(next.connection)).toEqual([channel, slot, generation + 1]);
  const got = delivered(next.connection);
  const held = await hold(next.connection);
  expect(held.token).toBeGreaterThan(token);
  // As the package has it, and beneath it: the addon with the names of both generations.
  expect(thrown(() => socket.write(Buffer.from('x'))).code).toBe('ERR_LEASE_REVOKED');
  lease.release();
  const leases = new addon.Leases(channel, 'main');
  for (const age of [generation, generation + 1]) {
    expect(leases.check(slot, age, Number(token))).toBe(-4);
    expect(leases.release(slot, age, Number(token), -1)).toBe(-4);
  }
  expect(held.released).toBe(false);
  expect(held.socket.unread()).toBe(0);
  held.release();
  next.peer.write(message('ws', 'mine'));
  await until(() => got().toString() === 'mine');
  await pause(10);
  expect(next.received().length).toBe(0);
  next.connection.terminate();
});

describe('a lease is given back', () => {
  it('by `await using`, `using` and withLease(), also when they are left by an error', async () => {
    const { connection } = await open(own.pool, 'ws');
    const free = () => {
      const lease = connection.tryLease('exclusive');
      lease?.release();
      return lease !== undefined;
    };
    const one = await hold(connection);
    await one[Symbol.asyncDispose]();
    expect(free()).toBe(true);
    const two = await hold(connection);
    two[Symbol.dispose]();
    expect(free()).toBe(true);
    expect(await connection.withLease('exclusive', (lease) => lease.mode)).toBe('exclusive');
    expect(free()).toBe(true);
    const options = { label: 'named' };
    const labelled = connection.withLease('shared', options, async (lease) => lease.label);
    expect(await labelled).toBe('named');
    expect(await connection.withLease('shared', undefined, () => 5)).toBe(5);
    const failing = connection.withLease('exclusive', () => {
      throw new RangeError('mine');
    });
    await expect(failing).rejects.toThrow('mine');
    expect(free()).toBe(true);
    connection.terminate();
  });

  it('any number of times, and only once', async () => {
    const { connection } = await open(own.pool, 'ws');
    const one = await hold(connection);
    one.release();
    const two = await hold(connection);
    one.release();
    one.release();
    expect(connection.tryLease('shared')).toBeUndefined();
    expect(two.socket.unread()).toBe(0);
    two.release();
    connection.terminate();
  });
});

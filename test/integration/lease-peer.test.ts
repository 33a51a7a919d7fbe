import net from 'node:net';
import type { Connection, LwsPoolError } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import {
  delivered,
  hold,
  isSecure,
  isWebSocket,
  message,
  open,
  pause,
  thrown,
  until,
  WIRES,
  type Wire,
} from '../fixtures/leases.js';
import { usePool } from '../fixtures/pool.js';
import { closePayload, frame } from '../fixtures/servers.js';

const own = usePool();

/** How often which event has come. */
function watch(connection: Connection) {
  const seen = { errors: [] as LwsPoolError[], closes: [] as number[] };
  connection.on('error', (error) => seen.errors.push(error));
  connection.on('close', (code) => seen.closes.push(code));
  return seen;
}

/** Ends the peer's side without a word above TCP: RST, or FIN. */
function cut(peer: net.Socket, how: 'fin' | 'rst'): void {
  const socket = (peer as unknown as { _parent?: net.Socket })._parent ?? peer;
  if (how === 'rst') socket.resetAndDestroy();
  else new net.Socket({ handle: (socket as unknown as { _handle: never })._handle } as never).end();
}

describe.each(WIRES)('while %s is leased and its peer', (wire: Wire) => {
  it('resets, the holder is told, and the connection closes after the lease', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const seen = watch(connection);
    const lease = await hold(connection);
    cut(peer, 'rst');
    await pause(20);
    expect(lease.released).toBe(false);
    expect(connection.readyState).toBe(1);
    const read = () => (lease.tls ?? lease.socket).read(Buffer.alloc(10));
    expect(thrown(read)).toMatchObject({
      code: 'ERR_LEASE_OPERATION',
      details: { syscall: 'recv', errno: 'ECONNRESET', connection: connection.id },
    });
    expect(seen.closes).toEqual([]);
    lease.release();
    await until(() => seen.closes.length > 0);
    await pause(10);
    expect(seen.closes).toEqual([1006]);
    // The kernel says it once, to the holder.
    expect(seen.errors).toMatchObject([
      { code: 'ERR_CONNECTION_LOST', details: { errno: 'ECONNRESET' } },
    ]);
  });

  it('resets, and the holder does nothing, the connection closes after the lease', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const seen = watch(connection);
    const lease = await hold(connection);
    cut(peer, 'rst');
    await pause(20);
    expect(seen.closes).toEqual([]);
    lease.release();
    await until(() => seen.closes.length > 0);
    await pause(10);
    expect(seen).toMatchObject({ closes: [1006], errors: [{ code: 'ERR_CONNECTION_LOST' }] });
    expect(seen.errors[0]?.details.errno).toBe('ECONNRESET');
  });

  it('sends and ends, what it sent is delivered and then the end', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const seen = watch(connection);
    const got = delivered(connection);
    const lease = await hold(connection);
    peer.write(message(wire, 'last words'));
    if (isWebSocket(wire)) peer.write(frame(8, closePayload(1001)));
    peer.end();
    await until(() => lease.socket.unread() >= 10);
    await pause(20);
    expect([got().length, seen.closes]).toEqual([0, []]);
    lease.release();
    await until(() => seen.closes.length > 0);
    expect(got().toString()).toBe('last words');
    await pause(10);
    expect(seen).toEqual({ errors: [], closes: [isWebSocket(wire) ? 1001 : 1000] });
  });

  it('ends, the holder reads 0', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const seen = watch(connection);
    const lease = await hold(connection);
    const last = message(wire, 'last');
    peer.end(last);
    const reader = lease.tls ?? lease.socket;
    const into = Buffer.alloc(100);
    await until(() => lease.socket.unread() > (isSecure(wire) ? 4 + last.length : 0));
    let read = -1;
    const attempt = () => {
      read = reader.read(into);
      return read >= 0;
    };
    await until(attempt);
    expect(into.subarray(0, read).equals(last)).toBe(true);
    await until(attempt);
    expect(read).toBe(0);
    expect(reader.read(into)).toBe(0);
    expect(seen.closes).toEqual([]);
    lease.release();
    await until(() => seen.closes.length > 0);
    await pause(10);
    // A WebSocket that ends without a close frame was lost; a raw connection has ended well.
    const codes = seen.errors.map(({ code }) => code);
    expect([seen.closes, codes]).toEqual(
      isWebSocket(wire) ? [[1006], ['ERR_CONNECTION_LOST']] : [[1000], []],
    );
  });

  it('ends while a shared lease is out, that is revoked', async () => {
    const { connection, peer } = await open(own.pool, wire);
    const seen = watch(connection);
    const lease = await hold(connection, 'shared');
    cut(peer, 'rst');
    await until(() => seen.closes.length > 0);
    expect(lease.released).toBe(true);
    expect(thrown(() => lease.socket)).toMatchObject({
      code: 'ERR_LEASE_REVOKED',
      cause: { code: 'ERR_CONNECTION_LOST' },
    });
  });
});

it('a reset that the holder learns of by SO_ERROR is no good end either', async () => {
  const { connection, peer } = await open(own.pool, 'tcp');
  const seen = watch(connection);
  const lease = await hold(connection);
  cut(peer, 'rst');
  await pause(20);
  expect(lease.socket.getOption('SO_ERROR')).toBe(104);
  lease.release();
  await until(() => seen.closes.length > 0);
  expect(seen).toMatchObject({ closes: [1006], errors: [{ code: 'ERR_CONNECTION_LOST' }] });
});

it('a close frame that the holder reads is answered after the lease', async () => {
  const { connection, peer, received } = await open(own.pool, 'ws');
  const seen = watch(connection);
  const lease = await hold(connection);
  peer.write(frame(8, closePayload(4000, 'bye')));
  await until(() => lease.socket.unread() > 0);
  expect(lease.socket.read(Buffer.alloc(50))).toBe(7);
  lease.release();
  await until(() => received().length > 0);
  expect((received()[0] as number) & 15).toBe(8);
  peer.end();
  await until(() => seen.closes.length > 0);
  expect(seen).toEqual({ errors: [], closes: [4000] });
});

it('a close frame that the holder writes begins the close handshake', async () => {
  const { connection, peer, received } = await open(own.pool, 'ws');
  const seen = watch(connection);
  const lease = await hold(connection);
  lease.socket.write(frame(8, closePayload(1000), { masked: true }));
  lease.release();
  await until(() => received().length > 0);
  peer.write(frame(8, closePayload(1000)));
  peer.end();
  await until(() => seen.closes.length > 0);
  expect(seen).toEqual({ errors: [], closes: [1000] });
});

it('a raw connection whose holder ends our side is half-closed', async () => {
  const { connection, peer } = await open(own.pool, 'tcp');
  const got = delivered(connection);
  const seen = watch(connection);
  const lease = await hold(connection);
  lease.socket.write(Buffer.from('bye'));
  lease.socket.shutdown('write');
  lease.release();
  await new Promise((resolve) => peer.once('end', resolve));
  peer.end('and you');
  await until(() => seen.closes.length > 0);
  expect(got().toString()).toBe('and you');
  expect(seen).toEqual({ errors: [], closes: [1000] });
});

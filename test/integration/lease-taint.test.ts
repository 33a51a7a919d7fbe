import { closeSync, readSync, writeSync } from 'node:fs';
import type { Connection, Lease } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import {
  delivered,
  hold,
  message,
  open,
  own as ownFrame,
  payloads,
  until,
  WIRES,
  type Wire,
} from '../fixtures/leases.js';
import { ending, usePool } from '../fixtures/pool.js';
import { frame } from '../fixtures/servers.js';

// The bystander of the pool looks after each test whether anybody else was harmed.
const own = usePool();
const WEB_SOCKETS = WIRES.filter((wire) => wire.startsWith('ws'));

type Misuse = (lease: Lease<Connection>, peer: import('node:net').Socket) => unknown;

async function tainted(wire: Wire, misuse: Misuse, reason: string): Promise<void> {
  const { connection, peer } = await open(own.pool, wire);
  const end = ending(connection);
  const lease = await hold(connection, 'exclusive', { label: 'careless' });
  await misuse(lease, peer);
  expect(connection.readyState).toBe(1);
  lease.release();
  expect(await end).toMatchObject({
    code: 1006,
    error: { code: 'ERR_LEASE_TAINTED', details: { reason, connection: connection.id } },
  });
}

const read = (lease: Lease<Connection>, size: number) =>
  (lease.tls ?? lease.socket).read(Buffer.alloc(size));
const write = (lease: Lease<Connection>, bytes: Uint8Array) =>
  (lease.tls ?? lease.socket).write(bytes);

describe.each(WEB_SOCKETS)('a WebSocket is closed, %s', (wire) => {
  it('when half a frame was read', () =>
    tainted(
      wire,
      async (lease, peer) => {
        peer.write(frame(2, 'a whole message'));
        await until(() => read(lease, 4) === 4);
      },
      'a frame was read in part',
    ));

  it('when a message was read in part', () =>
    tainted(
      wire,
      async (lease, peer) => {
        peer.write(frame(2, 'first', { fin: false }));
        await until(() => read(lease, 100) === 7);
      },
      'a message was read in part',
    ));

  it.each([
    ['half a frame', frame(2, 'half of it', { masked: true }).subarray(0, 8)],
    ['a frame without mask', frame(2, 'unmasked')],
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a fragment alone', frame(0, 'rest', { masked: true })],
    ['the first fragment alone', frame(2, 'first', { masked: true, fin: false })],
    [
      'a frame after a close frame',
      Buffer.concat([8, 2].map((op) => frame(op, '', { masked: true }))),
    ],
  ])('when %s was written', (_what, bytes) =>
    tainted(
      wire,
      (lease) => expect(write(lease, bytes)).toBe(bytes.length),
      'what was written is not whole frames of a client',
    ),
  );

  it('when its socket was shut down', () =>
    tainted(wire, (lease) => lease.socket.shutdown('write'), 'the socket was shut down'));

  it('when the descriptor was closed', () =>
    tainted(wire, (lease) => closeSync(lease.fd), 'its descriptor was closed'));

  it('when bytes were written to the descriptor', () =>
    tainted(
      wire,
      (lease) => writeSync(lease.fd, frame(2, 'whole', { masked: true })),
      'bytes were written past the lease',
    ));

  it('when bytes were read from the descriptor', () =>
    tainted(
      wire,
      async (lease, peer) => {
        peer.write(frame(2, 'whole'));
        await until(() => lease.socket.unread() > 0);
        readSync(lease.fd, Buffer.alloc(1000));
      },
      'bytes were read past the lease',
    ));
});

describe.each(WEB_SOCKETS.filter((wire) => wire !== 'ws'))('TLS is closed, %s', (wire) => {
  it('when bytes were written beneath it', () =>
    tainted(wire, (lease) => lease.socket.write(Buffer.from('x')), 'bytes were written below TLS'));

  it('when bytes were read beneath it', () =>
    tainted(
      wire,
      async (lease, peer) => {
        peer.write(frame(2, 'whole'));
        await until(() => lease.socket.unread() > 0);
        lease.socket.read(Buffer.alloc(10));
      },
      'bytes were read below TLS',
    ));

  it('when a write was left unfinished', () =>
    tainted(
      wire,
      (lease, peer) => {
        peer.pause();
        const bytes = frame(2, Buffer.alloc(60_000), { masked: true });
        while (write(lease, bytes) > 0);
      },
      'a TLS write was left unfinished',
    ));

  it('when it was shut down', () =>
    tainted(wire, (lease) => lease.tls?.shutdown(), 'TLS was shut down'));
});

describe.each(WIRES)('what is done properly harms nothing: %s', (wire) => {
  async function harmless(use: Misuse): Promise<void> {
    const { connection, peer, received } = await open(own.pool, wire);
    const got = delivered(connection);
    const lease = await hold(connection);
    await use(lease, peer);
    lease.release();
    connection.send('after', { binary: true });
    peer.write(message(wire, 'after'));
    await until(() => got().toString().endsWith('after'));
    await until(() => payloads(wire, received()).toString().endsWith('after'));
    expect(connection.error).toBeUndefined();
    connection.terminate();
  }

  it('whole messages, in and out', () =>
    harmless(async (lease, peer) => {
      for (let i = 0; i < 20; i++) {
        const bytes = ownFrame(wire, Buffer.alloc(i * 50, 'o'));
        if (bytes.length > 0) expect(write(lease, bytes)).toBe(bytes.length);
        const incoming = message(wire, `incoming ${i}`);
        peer.write(incoming);
        await until(() => read(lease, incoming.length) === incoming.length);
      }
    }));

  it('a frame in many pieces', () =>
    harmless(async (lease, peer) => {
      const bytes = ownFrame(wire, 'piece by piece');
      for (let i = 0; i < bytes.length; i++) write(lease, bytes.subarray(i, i + 1));
      const incoming = message(wire, 'and back');
      peer.write(incoming);
      for (let i = 0; i < incoming.length; i++) await until(() => read(lease, 1) === 1);
    }));

  it('to look at the descriptor', () =>
    harmless(async (lease, peer) => {
      expect(lease.fd).toBeGreaterThan(2);
      if (lease.tls !== undefined) expect(typeof lease.ssl).toBe('bigint');
      else expect(lease.ssl).toBeUndefined();
      lease.socket.setOption('TCP_NODELAY', true);
      peer.write(message(wire, 'unread'));
      await until(() => lease.socket.unread() > 0);
      const bytes = ownFrame(wire, 'through the lease');
      expect(write(lease, bytes)).toBe(bytes.length);
    }));
});

describe('confirmFrameBoundary()', () => {
  it('keeps a plain connection whose descriptor was used with whole frames', async () => {
    const { connection, peer, received } = await open(own.pool, 'ws');
    const got = delivered(connection);
    const lease = await hold(connection);
    writeSync(lease.fd, frame(2, 'past the lease', { masked: true }));
    peer.write(frame(2, 'to be read there'));
    await until(() => lease.socket.unread() > 0);
    expect(readSync(lease.fd, Buffer.alloc(1000))).toBe(18);
    lease.confirmFrameBoundary();
    lease.release();
    peer.write(frame(2, 'then'));
    connection.send(' and then');
    await until(() => got().toString() === 'then');
    await until(() => payloads('ws', received()).toString() === 'past the lease and then');
    connection.terminate();
  });

  it('does not help one that was broken within the lease', () =>
    tainted(
      'ws',
      (lease) => {
        lease.confirmFrameBoundary();
        lease.socket.write(Buffer.from('x'));
      },
      'what was written is not whole frames of a client',
    ));

  it('is not needed on a raw connection', async () => {
    const { connection, peer, received } = await open(own.pool, 'tcp');
    const got = delivered(connection);
    const lease = await hold(connection);
    writeSync(lease.fd, 'raw bytes');
    lease.release();
    peer.write('back');
    await until(() => got().toString() === 'back' && received().toString() === 'raw bytes');
    connection.terminate();
  });
});

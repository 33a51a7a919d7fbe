import { once } from 'node:events';
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import type { Connection } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import {
  delivered,
  hold,
  message,
  open,
  pause,
  payloads,
  thrown,
  until,
  WIRES,
} from '../fixtures/leases.js';
import { rejection, usePool } from '../fixtures/pool.js';
import { frame } from '../fixtures/servers.js';

const own = usePool();

function watch(connection: Connection) {
  const closes: [number, string][] = [];
  connection.on('close', (code, reason) => closes.push([code, reason]));
  return closes;
}

describe.each(WIRES)('a connection that is detached: %s', (wire) => {
  it('is closed here, and its peer notices nothing', async () => {
    const { connection, peer, received } = await open(own.pool, wire);
    const closes = watch(connection);
    const got = delivered(connection);
    const ends: string[] = [];
    for (const name of ['end', 'close', 'error']) peer.on(name, () => ends.push(name));
    peer.write(message(wire, 'before'));
    await until(() => got().toString() === 'before');
    const size = own.pool.size;
    const lease = await hold(connection);
    const waiting = rejection(hold(connection));
    const { fd, ssl, leftover } = lease.detach();
    expect(typeof ssl).toBe(lease.connection.url.startsWith('wss') ? 'bigint' : 'undefined');
    expect(leftover.length).toBe(0);
    expect((await waiting).code).toBe('ERR_CONNECTION_CLOSED');
    await until(() => closes.length > 0);
    peer.write(message(wire, 'after'));
    await pause(50);
    expect(closes).toEqual([[1006, 'detached']]);
    expect(connection.error).toBeUndefined();
    expect(connection.readyState).toBe(3);
    expect(own.pool.size).toBe(size - 1);
    expect(ends).toEqual([]);
    expect(received().length).toBe(0);
    expect(got().toString()).toBe('before');
    expect(fstatSync(fd).isSocket()).toBe(true);
    // New ones take slot and number, and are not the detached one.
    const next = await open(own.pool, wire);
    next.connection.send('x');
    await until(() => next.received().length > 0);
    next.connection.terminate();
    expect(received().length).toBe(0);
    closeSync(fd);
    // With TLS the SSL object is ours; the socket ends with its descriptor all the same.
    await until(() => ends.length > 0);
  });
});

describe('without TLS', () => {
  it('the descriptor carries on: detach()', async () => {
    const { connection, peer, received } = await open(own.pool, 'ws');
    const half = frame(2, 'in two parts');
    peer.write(half.subarray(0, 5));
    let leftover = Buffer.alloc(0);
    let lease = await hold(connection);
    while (lease.leftover.length < 5) {
      lease.release();
      await pause(2);
      lease = await hold(connection);
    }
    const detached = lease.detach();
    leftover = Buffer.from(detached.leftover);
    expect(leftover.equals(half.subarray(0, 5))).toBe(true);
    peer.write(half.subarray(5));
    await pause(20);
    const into = Buffer.alloc(100);
    const count = readSync(detached.fd, into);
    expect(Buffer.concat([leftover, into.subarray(0, count)]).equals(half)).toBe(true);
    writeSync(detached.fd, frame(2, 'still here', { masked: true }));
    await until(() => payloads('ws', received()).toString() === 'still here');
    closeSync(detached.fd);
    await once(peer, 'end');
  });

  it.each(['ws', 'tcp'] as const)('detachToSocket() gives a stream: %s', async (wire) => {
    const { connection, peer, received } = await open(own.pool, wire);
    const closes = watch(connection);
    const lease = await hold(connection);
    peer.write('one ');
    await until(() => lease.socket.unread() === 4);
    const socket = lease.detachToSocket();
    expect(thrown(() => lease.detach()).code).toBe('ERR_LEASE_RELEASED');
    socket.setEncoding('latin1');
    let got = '';
    socket.on('data', (text: string) => {
      got += text;
    });
    await until(() => got === 'one ');
    peer.write('two');
    await until(() => got === 'one two');
    socket.write('and back');
    await until(() => received().toString() === 'and back');
    await until(() => closes.length > 0);
    const ended = once(peer, 'end');
    socket.end();
    await ended;
    peer.end();
    await once(socket, 'close');
    expect(closes).toEqual([[1006, 'detached']]);
  });

  it('what was read of a frame is the first that the stream gives', async () => {
    const { connection, peer } = await open(own.pool, 'ws');
    peer.write(frame(2, 'in two parts').subarray(0, 6));
    let lease = await hold(connection);
    while (lease.leftover.length < 6) {
      lease.release();
      await pause(2);
      lease = await hold(connection);
    }
    const socket = lease.detachToSocket();
    peer.write('rest');
    let got = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
    });
    await until(() => got.length === 10);
    expect(got.subarray(2).toString()).toBe('in trest');
    socket.destroy();
  });
});

it('a stream of node:net is not made of TLS', async () => {
  const { connection } = await open(own.pool, 'wss TLSv1.3');
  const lease = await hold(connection);
  expect(thrown(() => lease.detachToSocket()).code).toBe('ERR_TLS_OPERATION');
  expect(lease.released).toBe(false);
  lease.release();
  connection.terminate();
});

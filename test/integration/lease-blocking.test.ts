import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { delivered, hold, message, open, until, WIRES } from '../fixtures/leases.js';
import { event, usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

/** A child process that is given the descriptor makes it wait, for all who have the socket. */

const own = usePool();
const O_NONBLOCK = 0o4000;

function waits(fd: number): boolean {
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  return (Number.parseInt(flags ?? '', 8) & O_NONBLOCK) === 0;
}

function giveAway(fd: number): void {
  expect(waits(fd)).toBe(false);
  spawnSync('true', [], { stdio: [fd, 'ignore', 'ignore'] });
  expect(waits(fd)).toBe(true);
}

describe.each(WIRES)('%s', (wire) => {
  it.each(['shared', 'exclusive'] as const)('a %s lease gives it away', async (mode) => {
    const other = await own.pool.connect(`ws://127.0.0.1:${await wsServer(echo)}/`);
    const { connection, peer } = await open(own.pool, wire);
    const got = delivered(connection);
    peer.pause();
    const lease = await hold(connection, mode);
    giveAway(lease.fd);
    lease.release();

    const large = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 16; i++) connection.send(large);
    const answer = event(other, 'message');
    other.send('me too');
    expect(String((await answer)[0])).toBe('me too');
    peer.write(message(wire, 'to you'));
    await until(() => got().toString() === 'to you');

    const later = await connection.lease('shared');
    expect(waits(later.fd)).toBe(false);
    later.release();
    connection.terminate();
    other.terminate();
  });
});

it('also while the lease is held, and by its holder', async () => {
  const { connection, peer } = await open(own.pool, 'tcp');
  peer.pause();
  const shared = await hold(connection, 'shared');
  giveAway(shared.fd);
  connection.send(Buffer.alloc(16 * 1024 * 1024));
  const answer = event(connection, 'close');
  shared.release();
  connection.terminate();
  await answer;

  const ends = await open(own.pool, 'tcp');
  ends.peer.pause();
  const lease = await hold(ends.connection);
  giveAway(lease.fd);
  expect(lease.socket.read(Buffer.alloc(10))).toBe(-1);
  const bytes = Buffer.alloc(1024 * 1024);
  while (lease.socket.write(bytes) > 0);
  lease.release();
  ends.connection.terminate();
});

it('a linger that would make closing wait is switched off for it', async () => {
  const { connection, peer } = await open(own.pool, 'tcp');
  peer.pause();
  connection.send(Buffer.alloc(16 * 1024 * 1024)); // never taken
  const lease = await hold(connection, 'shared');
  const { fd } = lease;
  const program = `import socket, struct
s = socket.socket(fileno=0)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 60))
s.detach()`;
  const { status } = spawnSync('python3', ['-c', program], { stdio: [fd, 'ignore', 'inherit'] });
  expect(status).toBe(0);
  expect(lease.socket.getOption('SO_LINGER')).toEqual({ onoff: true, linger: 60 });
  lease.release();
  const end = event(connection, 'close');
  connection.terminate();
  await end; // and afterwards the worker serves the others, which is looked at after each test
});

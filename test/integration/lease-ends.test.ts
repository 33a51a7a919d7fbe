import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createPool } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { ending, event, usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

const own = usePool();
const url = async () => `ws://127.0.0.1:${await wsServer(echo)}/`;

/** 1000, as a client sends it. */
const CLOSE_FRAME = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 3, 0xe8]);

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}

describe('a connection that ends because of a lease, or with one', () => {
  it('takes no more messages once a holder has sent the close frame', async () => {
    const connection = await own.pool.connect(await url());
    const end = ending(connection);
    const lease = await connection.lease('exclusive');
    lease.socket.write(CLOSE_FRAME);
    lease.release();
    expect(connection.readyState).toBe(2);
    expect(connection.send('late')).toBe(false);
    expect(await end).toMatchObject({ code: 1000, error: undefined });
  });

  it('takes no more messages once it is detached', async () => {
    const connection = await own.pool.connect(await url());
    const end = ending(connection);
    const socket = (await connection.lease('exclusive')).detachToSocket();
    expect(connection.readyState).toBe(2);
    expect(connection.send('late')).toBe(false);
    expect((await end).reason).toBe('detached');
    socket.destroy();
  });

  it('revokes its leases at once where it is terminated', async () => {
    const connection = await own.pool.connect(await url());
    const end = ending(connection);
    const lease = await connection.lease('exclusive');
    connection.terminate();
    expect(lease.released).toBe(true);
    expect(codeOf(() => lease.socket.unread())).toBe('ERR_LEASE_REVOKED');
    await end;
  });

  it('says so where a lease has kept its close frame back', async () => {
    const connection = await own.pool.connect(await url(), { closeTimeout: 50 });
    const end = ending(connection);
    await connection.withLease('exclusive', () => connection.close());
    const { error } = await end;
    expect(error?.code).toBe('ERR_CLOSE_TIMEOUT');
    expect(error?.message).toContain('its close frame had to wait for a lease');
  });

  it('does not outlive a lease that expired with its descriptor in use', async () => {
    const connection = await own.pool.connect(await url());
    const end = ending(connection);
    const lease = await connection.lease('exclusive', { maxHold: 20 });
    expect(lease.fd).toBeGreaterThan(2);
    const { error } = await end;
    expect(error?.code).toBe('ERR_LEASE_TAINTED');
    expect(error?.details.reason).toContain('expired');
    lease.release();
  });
});

it('an option that the kernel refuses is named with its errno, and nothing else happens', async () => {
  const connection = await own.pool.connect(await url());
  const lease = await connection.lease('exclusive');
  const refused = () => lease.socket.setOption('TCP_CONGESTION', 'no such thing');
  expect(codeOf(refused)).toBe('ERR_LEASE_OPERATION');
  expect(lease.socket.write(Buffer.alloc(0))).toBe(0);
  lease.release();
  const answer = event(connection, 'message');
  connection.send('goes on');
  expect(String((await answer)[0])).toBe('goes on');
  await connection.close();
});

it('descriptors that a handler has not given back are closed with its worker', async () => {
  const handler = fileURLToPath(new URL('../fixtures/handlers/keeping.mjs', import.meta.url));
  const open = () => readdirSync('/proc/self/fd').length;
  const target = await url();
  const life = async () => {
    const pool = await createPool({ threads: 1 });
    const group = await pool.connectMany(target, { count: 20, handler });
    await group.ready;
    const kept = event(group, 'post');
    group.post('lease');
    expect((await kept)[0]).toBe(20);
    await pool.destroy();
  };
  await life();
  const before = open();
  await life();
  await expect.poll(open).toBeLessThan(before + 20);
});

import type { ConnectionGroup } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { certificate, pause, payloads, until } from '../fixtures/leases.js';
import { event, usePool } from '../fixtures/pool.js';
import { afterUpgrade, frame } from '../fixtures/servers.js';

const own = usePool({ lease: { detectDeadlocks: true } });
const handler = new URL('../fixtures/handlers/leasing.mjs', import.meta.url);

/** A group of one connection, whose peer tells its handler what to do. */
async function told(secure: boolean) {
  const chunks: Buffer[] = [];
  let peer: import('node:net').Socket | undefined;
  const identity = await certificate();
  const port = await afterUpgrade(
    (socket) => {
      peer = socket;
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    },
    secure ? identity : undefined,
  );
  const group = await own.pool.connectMany(`${secure ? 'wss' : 'ws'}://localhost:${port}`, {
    count: 1,
    handler,
    ...(secure && { tls: { ca: identity.cert } }),
  });
  await group.ready;
  await until(() => peer !== undefined);
  const tell = async (name: string) => {
    const posted = event(group, 'post');
    peer?.write(frame(2, name));
    return (await posted)[0] as { name: string; result: unknown };
  };
  const received = () => payloads('ws', Buffer.concat(chunks)).toString();
  return { group, tell, received, peer: peer as unknown as import('node:net').Socket };
}

async function end(group: ConnectionGroup): Promise<void> {
  group.terminate();
  await group.closed;
}

describe.each([
  ['ws', false],
  ['wss', true],
])('a handler, %s', (_name, secure) => {
  it('has a lease at once, between what it sends before and after', async () => {
    const { group, tell, received } = await told(secure);
    expect((await tell('leaseNow')).result).toEqual({
      facts: ['exclusive', 'mine', false, true],
      open: true,
      again: 'ERR_LEASE_BUSY',
      over: 'ERR_LEASE_RELEASED',
    });
    await until(() => received() === 'sent before holder and after');
    await end(group);
  });

  it('waits, tries, and is told of deadlocks', async () => {
    const { group, tell } = await told(secure);
    expect((await tell('waits')).result).toEqual({
      tried: true,
      nested: 'ERR_LEASE_DEADLOCK',
      mode: 'shared',
      detach: secure ? 'ERR_TLS_OPERATION' : 'plain',
    });
    const wrong = ['ERR_INVALID_ARGUMENT', 'ERR_INVALID_ARGUMENT', 'ERR_INVALID_ARGUMENT'];
    expect((await tell('wrong')).result).toEqual(wrong);
    await end(group);
  });

  it('keeps a lease beyond its call, and nothing is delivered until it gives it back', async () => {
    const { group, tell, peer } = await told(secure);
    expect((await tell('keep')).result).toBe('kept');
    let posted = false;
    const answer = event(group, 'post').then(([value]) => {
      posted = true;
      return value as { result: unknown };
    });
    peer.write(frame(2, 'wrong'));
    await pause(30);
    expect(posted).toBe(false);
    group.post('release');
    expect((await answer).result).toHaveLength(3);
    await end(group);
  });

  it('loses its lease with the connection', async () => {
    const { group, tell } = await told(secure);
    await tell('keep');
    const closed = event(group, 'post');
    group.terminate();
    expect((await closed)[0]).toMatchObject({ name: 'close', result: [1006, '', true] });
  });
});

it('a handler detaches a plain connection', async () => {
  const { group, tell, peer } = await told(false);
  let ended = false;
  peer.on('end', () => {
    ended = true;
  });
  const results: unknown[] = [];
  group.on('post', (value) => results.push(value));
  void tell('detach');
  await until(() => results.length === 2);
  expect(results).toContainEqual({ name: 'detach', result: true });
  expect(results).toContainEqual({ name: 'close', result: [1006, 'detached', undefined] });
  await pause(20);
  expect(ended).toBe(false);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createPool, defineBio } from 'lws-pool';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { certificate, hold, thrown, until } from '../fixtures/leases.js';
import { ending, event, messages, rejection, usePool } from '../fixtures/pool.js';
import { echo, listen, wsServer } from '../fixtures/servers.js';

const own = usePool();

const module = (name: string) => new URL(`../fixtures/bios/${name}`, import.meta.url);
const custom = (name: string) => ({ type: 'custom', module: module(name) }) as const;

async function echoServer(onPeer: (peer: WebSocket) => void = echo) {
  const identity = await certificate();
  const port = await wsServer(onPeer, {}, https.createServer(identity) as never);
  return { port, ca: identity.cert };
}

/** By which a BIO in a worker is told that it is time. */
function signalFile(): { once: string; now: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'lws-pool-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const once = join(folder, 'now');
  return { once, now: () => writeFileSync(once, '') };
}

/** A tunnel whose bytes are masked on the client's side. */
async function maskingProxy(target: number): Promise<number> {
  const mask = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0x2a));
  return await listen(
    net.createServer((client) => {
      const server = net.connect(target, '127.0.0.1');
      client.on('data', (bytes) => server.write(mask(bytes)));
      server.on('data', (bytes) => client.write(mask(bytes)));
      client.on('close', () => server.destroy());
      server.on('close', () => client.destroy());
      server.on('error', () => client.destroy());
    }),
  );
}

it('a BIO of JavaScript changes every byte of a connection', async () => {
  const { port, ca } = await echoServer();
  const url = `wss://localhost:${await maskingProxy(port)}/`;
  const tls = { ca, bio: [{ type: 'counter' } as const, custom('masking.mjs')] };
  const connections = await Promise.all([1, 2, 3].map(() => own.pool.connect(url, { tls })));
  for (const connection of connections) {
    for (const size of [1, 1_000, 100_000]) {
      connection.send(Buffer.alloc(size, 'm'));
      const [data] = await event(connection, 'message');
      expect(Buffer.alloc(size, 'm').equals(data)).toBe(true);
    }
    const bios = await connection.withLease('shared', (lease) => lease.tls?.bios);
    expect(bios?.map(({ type }) => type)).toEqual(['counter', 'custom']);
    await connection.close();
    expect(connection.error).toBeUndefined();
  }
});

it('what a BIO has read ahead is not waited for', async () => {
  let peer: WebSocket | undefined;
  const { port, ca } = await echoServer((accepted) => {
    peer = accepted;
  });
  const connection = await own.pool.connect(`wss://localhost:${port}/`, {
    tls: { ca, bio: custom('ahead.mjs') },
  });
  const texts = Array.from({ length: 300 }, (_, i) => String(i));
  const all = messages(connection, texts.length);
  // All records lie in the kernel before the worker reads.
  await connection.withLease('exclusive', async () => {
    await Promise.all(texts.map((text) => new Promise((sent) => peer?.send(text, sent))));
  });
  expect(await all).toEqual(texts);
  await connection.close();
});

describe('a BIO that does wrong ends its connection with ERR_BIO', () => {
  it.each([
    ['open', 'throw'],
    ['read', 'throw'],
    ['write', 'throw'],
    ['read', 'promise'],
    ['read', 'nothing'],
    ['read', 'much'],
    ['read', 'negative'],
    ['write', 'much'],
    ['write', 'end'],
  ])('while it is opened: %s, %s', async (where, how) => {
    const { port, ca } = await echoServer();
    const error = await rejection(
      own.pool.connect(`wss://localhost:${port}/`, {
        tls: { ca, bio: custom(`failing.mjs?in=${where}&how=${how}`) },
      }),
    );
    expect(error.code).toBe('ERR_BIO');
    expect(error.details.reason).toContain(
      how === 'throw' ? `meant to fail in ${where}` : `${where}()`,
    );
    expect((error.cause as Error).stack).toContain(how === 'throw' ? 'failing.mjs' : 'bio.js');
  });

  it.each([
    ['read', 'throw'],
    ['write', 'throw'],
    ['write', 'nothing'],
  ])('once it is open: %s, %s', async (where, how) => {
    const { port, ca } = await echoServer();
    const { once, now } = signalFile();
    const connection = await own.pool.connect(`wss://localhost:${port}/`, {
      tls: { ca, bio: custom(`failing.mjs?in=${where}&how=${how}&once=${once}`) },
    });
    now();
    const end = ending(connection);
    const sending = setInterval(() => {
      if (connection.readyState === 1) connection.send('again');
    }, 1);
    const { code, error } = await end;
    clearInterval(sending);
    expect([code, error?.code]).toEqual([1006, 'ERR_BIO']);
    expect(error?.details.reason).toContain(where);
  });

  it('the end of what comes in is the end of the connection', async () => {
    const { port, ca } = await echoServer();
    const { once, now } = signalFile();
    const connection = await own.pool.connect(`wss://localhost:${port}/`, {
      tls: { ca, bio: custom(`failing.mjs?in=read&how=end&once=${once}`) },
    });
    now();
    const end = ending(connection);
    const sending = setInterval(() => {
      if (connection.readyState === 1) connection.send('again');
    }, 1);
    expect((await end).error?.code).toBe('ERR_CONNECTION_LOST');
    clearInterval(sending);
  });

  it('a module that is none, or that is not there', async () => {
    for (const name of ['plain.mjs', 'none.mjs']) {
      const connecting = own.pool.connect('wss://127.0.0.1:1/', { tls: { bio: custom(name) } });
      const { code, message, details } = await rejection(connecting);
      expect(code).toBe('ERR_HANDLER_LOAD');
      expect(details).toMatchObject({ bio: module(name).href, worker: 0 });
      expect(message).toMatch(/^The BIO module .* comes from defineBio\(\)\.$/);
    }
  });
});

it('a BIO that retries for ever times out, and the worker does not spin', async () => {
  const { port, ca } = await echoServer();
  const error = await rejection(
    own.pool.connect(`wss://localhost:${port}/`, {
      tls: { ca, bio: custom('failing.mjs?in=read&how=retry') },
      timeout: 500,
    }),
  );
  expect(error.code).toBe('ERR_HANDSHAKE_TIMEOUT');
});

it('a handler pushes one under its lease; what that asks of the pool waits or is refused', async () => {
  const peers: WebSocket[] = [];
  const { port, ca } = await echoServer((peer) => peers.push(peer));
  const connection = await own.pool.connect(`wss://localhost:${port}/`, {
    tls: { ca },
    handler: new URL('../fixtures/handlers/bios.mjs', import.meta.url),
  });
  await until(() => peers.length === 1);
  const [peer] = peers as [WebSocket];
  const heard: string[] = [];
  peer.on('message', (data) => heard.push(String(data)));
  peer.send('push');
  await until(() => heard.includes('pushed'));
  peer.send('anything');
  await until(() => heard.includes('from within'));
  peer.send('pop');
  await until(() => heard.includes('popped custom'));
  await until(() => heard.some((text) => text.startsWith('closed after')));
  expect(heard.find((text) => text.startsWith('closed after'))).toBe(
    'closed after sent,ERR_BIO,ERR_BIO,promise',
  );
  connection.terminate();
});

it('the main thread cannot move bytes through it, and has none of its own', async () => {
  const { port, ca } = await echoServer();
  const connection = await own.pool.connect(`wss://localhost:${port}/`, {
    tls: { ca, bio: custom('failing.mjs?in=nowhere') },
  });
  const lease = await hold(connection);
  const { tls } = lease;
  if (tls === undefined) throw new Error('no TLS');
  expect(tls.protocol).toBe('TLSv1.3');
  for (const act of [
    () => tls.read(Buffer.alloc(10)),
    () => tls.write(Buffer.from('x')),
    () => tls.updateKeys(),
    () => tls.shutdown(),
    () => tls.popBio(),
    () => tls.pushBio(defineBio({}) as never),
  ]) {
    expect(['ERR_TLS_OPERATION', 'ERR_INVALID_OPTION']).toContain(thrown(act).code);
  }
  lease.release();
  const [, answer] = [connection.send('still'), messages(connection, 1)];
  expect(await answer).toEqual(['still']);
  await connection.close();
});

it('a worker ends while BIOs are in use', async () => {
  const { port, ca } = await echoServer();
  const pool = await createPool({ threads: 1 });
  const connections: Connection[] = [];
  for (let i = 0; i < 5; i++) {
    connections.push(
      await pool.connect(`wss://localhost:${port}/`, {
        tls: { ca, bio: custom('failing.mjs?in=nowhere') },
      }),
    );
  }
  const leases = await Promise.all(connections.map((one) => hold(one)));
  await pool.destroy();
  for (const lease of leases) lease.release();
  expect(connections.map(({ readyState }) => readyState)).toEqual([3, 3, 3, 3, 3]);
});

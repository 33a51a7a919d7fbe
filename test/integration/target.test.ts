import { once } from 'node:events';
import { createServer } from 'node:net';
import { createPool } from 'lws-pool';
import { createTarget, type TargetOptions } from 'lws-pool/target';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAuthority } from '../fixtures/certificates.js';

async function start(options?: TargetOptions) {
  const target = await createTarget(options);
  onTestFinished(() => target.close());
  return target;
}

async function client(tls = {}) {
  const pool = await createPool({ threads: 1, tls });
  onTestFinished(() => pool.destroy());
  return pool;
}

describe('a target', () => {
  it('echoes at a free port, and counts', async () => {
    const target = await start();
    const [port = 0] = target.ports;
    expect(port).toBeGreaterThan(0);
    expect(target).toMatchObject({ host: '127.0.0.1', urls: [`ws://127.0.0.1:${port}/`] });
    const connection = await (await client()).connect(target.urls[0] ?? '');
    connection.send('hello');
    const [data] = await once(connection, 'message');
    expect(String(data)).toBe('hello');
    expect(target.counts()).toEqual({ opened: 1, closed: 0, messages: 1, bytes: 5 });
  });

  it('closes once, keeps its counts, and ends its connections', async () => {
    const target = await start();
    const connection = await (await client()).connect(target.urls[0] ?? '');
    const lost = once(connection, 'error');
    await Promise.all([target.close(), target.close()]);
    await target.close();
    expect(await lost).toMatchObject([{ code: 'ERR_CONNECTION_LOST' }]);
    expect(target.counts()).toMatchObject({ opened: 1, messages: 0 });
    await expect((await client()).connect(target.urls[0] ?? '')).rejects.toMatchObject({
      code: 'ERR_CONNECTION_REFUSED',
    });
  });

  it('is closed at the end of its scope', async () => {
    let url = '';
    {
      await using target = await createTarget();
      [url = ''] = target.urls;
    }
    await expect((await client()).connect(url)).rejects.toMatchObject({
      code: 'ERR_CONNECTION_REFUSED',
    });
  });

  it('listens on several ports, over TLS, with a certificate of the caller', async () => {
    const { ca, valid } = await createAuthority();
    const key = Buffer.from(valid.key);
    const target = await start({ ports: [0, 0], host: 'localhost', cert: valid.cert, key });
    expect(new Set(target.ports).size).toBe(2);
    const pool = await client({ ca });
    for (const url of target.urls) {
      expect(url).toMatch(/^wss:\/\/localhost:\d+\/$/);
      expect((await pool.connect(url)).readyState).toBe(1);
    }
  });

  it('serves raw bytes', async () => {
    const target = await start({ raw: true });
    const connection = await (await client()).connect(target.urls[0] ?? '');
    connection.send('hello');
    const [data] = await once(connection, 'data');
    expect(String(data)).toBe('hello');
  });
});

describe('a target that cannot be had', () => {
  it('ERR_LISTEN: a port in use, beside others', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expect(createTarget({ ports: [0, port] })).rejects.toMatchObject({
      ...{ name: 'LwsPoolError', code: 'ERR_LISTEN' },
      details: { host: '127.0.0.1', port, errno: 'EADDRINUSE' },
      cause: { syscall: 'listen' },
    });
  });

  it('ERR_LISTEN: an address of another machine, a name that has none', async () => {
    await expect(createTarget({ host: '192.0.2.1' })).rejects.toMatchObject({
      ...{ code: 'ERR_LISTEN', details: { host: '192.0.2.1', errno: 'EADDRNOTAVAIL' } },
    });
    await expect(createTarget({ host: 'nowhere.invalid' })).rejects.toMatchObject({
      ...{ code: 'ERR_LISTEN', details: { host: 'nowhere.invalid', syscall: 'getaddrinfo' } },
    });
  });

  it('ERR_TLS_OPTION: what is no certificate', async () => {
    await expect(createTarget({ cert: 'a', key: 'b' })).rejects.toMatchObject({
      ...{ code: 'ERR_TLS_OPTION', details: { option: expect.stringMatching(/cert|key/) } },
    });
  });

  it('ERR_INVALID_OPTION: an option that there is not', async () => {
    await expect(createTarget({ port: 1 } as never)).rejects.toMatchObject({
      ...{ code: 'ERR_INVALID_OPTION', details: { option: 'port' } },
    });
  });
});

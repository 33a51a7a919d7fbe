import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Connection, TlsOptions } from 'lws-pool';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../fixtures/certificates.js';
import { event, rejection, usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

/** Sessions are resumed, and what was not verified for a connection never serves it. */

const own = usePool();
let made: Awaited<ReturnType<typeof createAuthority>>;
beforeAll(async () => {
  made = await createAuthority();
});

interface Server {
  readonly https: https.Server;
  readonly port: number;
  /** Whether the server resumed it, of each connection. */
  readonly reused: boolean[];
}

async function server(options: https.ServerOptions, port?: number): Promise<Server> {
  const made = https.createServer(options);
  const reused: boolean[] = [];
  made.on('secureConnection', (socket: TLSSocket) => reused.push(socket.isSessionReused()));
  const taken = await wsServer(echo, {}, made as never, port);
  return { https: made, port: taken, reused };
}

/** Opens a connection, uses it, and answers whether it resumed a session. */
async function reuses(port: number, tls: TlsOptions, host = '127.0.0.1'): Promise<boolean> {
  const connection = await own.pool.connect(`wss://${host}:${port}/`, { tls });
  const reused = await sessionReused(connection);
  await connection.close();
  return reused;
}

async function sessionReused(connection: Connection): Promise<boolean> {
  const answer = event(connection, 'message');
  connection.send('over TLS');
  expect(String((await answer)[0])).toBe('over TLS');
  return connection.withLease('shared', ({ tls }) => {
    if (tls === undefined) throw new Error('no TLS');
    expect(tls.verifyResult).toBe(0);
    expect(tls.peerCertificate?.subject).toBe('CN=valid.test');
    return tls.sessionReused;
  });
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  const versions = { minVersion: version, maxVersion: version } as const;

  it('every connection but the first resumes, on both ends, and knows the certificate', async () => {
    const { port, reused } = await server({ ...made.valid, ...versions });
    const tls = { ca: made.ca };
    for (let i = 0; i < 4; i++) expect(await reuses(port, { ...tls })).toBe(i > 0);
    expect(reused).toEqual([false, true, true, true]);
  });

  it('a connection that is cut leaves its session to others', async () => {
    const { port } = await server({ ...made.valid, ...versions });
    const tls = { ca: made.ca, ...versions };
    const first = await own.pool.connect(`wss://127.0.0.1:${port}/`, { tls });
    const closed = event(first, 'close');
    first.terminate();
    await closed;
    expect(await reuses(port, tls)).toBe(true);
  });

  it('new ticket keys: a full handshake takes its place, then sessions are resumed again', async () => {
    const { https, port } = await server({ ...made.valid, ...versions });
    const tls = { ca: made.ca, ...versions };
    expect(await reuses(port, tls)).toBe(false);
    expect(await reuses(port, tls)).toBe(true);
    https.setTicketKeys(randomBytes(48));
    expect(await reuses(port, tls)).toBe(false);
    expect(await reuses(port, tls)).toBe(true);
  });

  it('where another server has taken the place, its certificate is verified', async () => {
    const first = await server({ ...made.valid, ...versions });
    const tls = { ca: made.ca, ...versions };
    expect(await reuses(first.port, tls)).toBe(false);
    first.https.close();
    await once(first.https, 'close');
    await server({ ...made.otherHost, ...versions }, first.port);
    const connect = () => own.pool.connect(`wss://127.0.0.1:${first.port}/`, { tls });
    expect((await rejection(connect())).code).toBe('ERR_CERT_HOSTNAME');
    expect((await rejection(connect())).code).toBe('ERR_CERT_HOSTNAME');
  });

  it('nothing is shared with other names, authorities, rules and identities', async () => {
    const { port, reused } = await server({
      ...{ ...made.twoNames, ...versions, ca: made.ca },
      ...{ requestCert: true, rejectUnauthorized: false },
    });
    const tls = { ca: made.ca, ...versions };
    expect(await reuses(port, tls)).toBe(false);
    expect(await reuses(port, tls, 'localhost')).toBe(false);
    expect(await reuses(port, { ...tls, servername: '' }, 'localhost')).toBe(false);
    expect(await reuses(port, { ...tls, servername: 'valid.test' })).toBe(false);
    expect(await reuses(port, { ...tls, ca: [made.ca, made.selfSigned.cert] })).toBe(false);
    expect(await reuses(port, { ...tls, rejectUnauthorized: false })).toBe(false);
    expect(await reuses(port, { ...tls, ...made.client })).toBe(false);
    expect(await reuses(port, { ...tls, ALPNProtocols: ['http/1.1', 'other'] })).toBe(false);
    expect(reused).not.toContain(true);
    // And each has kept its own.
    expect(await reuses(port, tls)).toBe(true);
    expect(await reuses(port, { ...tls, ...made.client })).toBe(true);
  });

  it('each of many names has its own, as far as there is room', async () => {
    const { port } = await server({ ...made.twoNames, ...versions });
    const names = ['localhost', 'valid.test'];
    const tls = { ca: made.ca, ...versions, maxCachedSessions: 20 };
    for (const again of [false, true, true]) {
      for (const servername of names) {
        expect(await reuses(port, { ...tls, servername })).toBe(again);
      }
    }
    const one = { ...tls, maxCachedSessions: 1 };
    for (let i = 0; i < 2; i++) {
      for (const servername of names)
        expect(await reuses(port, { ...one, servername })).toBe(false);
    }
  });

  it('a name that the certificate is not for is refused, whatever was resumed before', async () => {
    const { port } = await server({ ...made.valid, ...versions });
    const tls = { ca: made.ca, ...versions };
    await reuses(port, tls);
    const error = await rejection(
      own.pool.connect(`wss://127.0.0.1:${port}/`, { tls: { ...tls, servername: 'other.test' } }),
    );
    expect(error.code).toBe('ERR_CERT_HOSTNAME');
  });

  it('what was overlooked in verification is looked at each time', async () => {
    const { port, reused } = await server({ ...made.otherHost, ...versions });
    const tls = { ca: made.ca, ...versions, rejectUnauthorized: false };
    for (let i = 0; i < 2; i++) {
      const connection = await own.pool.connect(`wss://127.0.0.1:${port}/`, { tls });
      await connection.withLease('shared', (lease) => {
        expect(lease.tls?.verifyError).toBe('IP address mismatch');
        expect(lease.tls?.sessionReused).toBe(false);
      });
      await connection.close();
    }
    expect(reused).toEqual([false, false]);
    const error = await rejection(
      own.pool.connect(`wss://127.0.0.1:${port}/`, { tls: { ...tls, rejectUnauthorized: true } }),
    );
    expect(error.code).toBe('ERR_CERT_HOSTNAME');
  });

  it.each([
    ['switched off', { maxCachedSessions: 0 }],
    ['where an OCSP response is asked for', { requestOCSP: true }],
  ])('never %s', async (_when, option) => {
    const { port, reused } = await server({ ...made.valid, ...versions });
    const tls = { ca: made.ca, ...versions, ...option };
    for (let i = 0; i < 3; i++) expect(await reuses(port, tls)).toBe(false);
    expect(reused).toEqual([false, false, false]);
  });

  it('no more sessions than allowed', async () => {
    const one = await server({ ...made.valid, ...versions });
    const two = await server({ ...made.valid, ...versions });
    const tls = { ca: made.ca, ...versions, maxCachedSessions: 1 };
    expect(await reuses(one.port, tls)).toBe(false);
    expect(await reuses(one.port, tls)).toBe(true);
    expect(await reuses(two.port, tls)).toBe(false);
    expect(await reuses(one.port, tls)).toBe(false);
  });
});

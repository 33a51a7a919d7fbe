import https from 'node:https';
import type { ErrorCode } from 'lws-pool';
import { CertificateError } from 'lws-pool';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, encrypted, type Identity } from '../fixtures/certificates.js';
import { event, rejection, usePool } from '../fixtures/pool.js';
import {
  echo,
  headerOf,
  readRequest,
  tcpServer,
  tlsServer,
  wsServer,
} from '../fixtures/servers.js';

const own = usePool();
let made: Awaited<ReturnType<typeof createAuthority>>;
beforeAll(async () => {
  made = await createAuthority();
});

const server = (options: https.ServerOptions) =>
  wsServer(echo, {}, https.createServer(options) as never);

async function opens(url: string, tls: object): Promise<void> {
  const connection = await own.pool.connect(url, { tls });
  const answer = event(connection, 'message');
  connection.send('over TLS');
  expect(String((await answer)[0])).toBe('over TLS');
  await connection.close();
}

describe('a certificate that is refused', () => {
  it.each<[string, ErrorCode, () => Identity, string]>([
    ['expired', 'ERR_CERT_EXPIRED', () => made.expired, 'CN=expired.test'],
    ['not yet valid', 'ERR_CERT_NOT_YET_VALID', () => made.notYetValid, 'CN=early.test'],
    ['for another host', 'ERR_CERT_HOSTNAME', () => made.otherHost, 'CN=other.test'],
    ['self-signed', 'ERR_CERT_SELF_SIGNED', () => made.selfSigned, 'CN=alone.test'],
    ['without its intermediate', 'ERR_CERT_UNKNOWN_CA', () => made.broken, 'CN=issued.test'],
  ])('%s', async (_title, code, which, subject) => {
    const port = await server(which());
    const error = await rejection(
      own.pool.connect(`wss://127.0.0.1:${port}/`, { tls: { ca: made.ca } }),
    );
    expect(error.code).toBe(code);
    expect(error).toBeInstanceOf(CertificateError);
    const {
      subject: found,
      issuer,
      validFrom,
      validTo,
      reason,
      message,
    } = error as CertificateError;
    expect(found).toBe(subject);
    expect(issuer).toContain('CN=');
    expect(validFrom?.getTime()).toBeLessThan(validTo?.getTime() ?? 0);
    expect(reason).not.toBe('');
    expect(message).toContain(subject);
  });

  it('of an authority that is not known', async () => {
    const port = await server(made.valid);
    const error = await rejection(own.pool.connect(`wss://127.0.0.1:${port}/`));
    expect(error.code).toBe('ERR_CERT_UNKNOWN_CA');
    expect((error as CertificateError).subject).toBe('CN=valid.test');
    expect((error as CertificateError).issuer).toBe('CN=lws-pool test CA');
  });

  it('of an authority that is not known but sent along', async () => {
    const port = await server({ key: made.valid.key, cert: `${made.valid.cert}\n${made.ca}` });
    const error = await rejection(own.pool.connect(`wss://127.0.0.1:${port}/`));
    expect(error.code).toBe('ERR_CERT_UNKNOWN_CA');
    expect((error as CertificateError).subject).toBe('CN=lws-pool test CA');
  });

  it('for another name than the one asked for by servername', async () => {
    const port = await server(made.valid);
    const error = await rejection(
      own.pool.connect(`wss://127.0.0.1:${port}/`, {
        tls: { ca: made.ca, servername: 'wrong.test' },
      }),
    );
    expect(error.code).toBe('ERR_CERT_HOSTNAME');
    expect((error as CertificateError).altNames).toContain('DNS:localhost');
    expect(error.message).toContain('wrong.test');
  });

  it('for another host, where no name is asked for', async () => {
    const port = await server(made.otherHost);
    const error = await rejection(
      own.pool.connect(`wss://127.0.0.1:${port}/`, { tls: { ca: made.ca, servername: '' } }),
    );
    expect(error.code).toBe('ERR_CERT_HOSTNAME');
    expect(error.message).toContain('127.0.0.1');
  });
});

describe('a certificate that is taken', () => {
  it('by address', async () => {
    await opens(`wss://127.0.0.1:${await server(made.valid)}/`, { ca: made.ca });
  });

  it('by name', async () => {
    await opens(`wss://localhost:${await server(made.valid)}/`, { ca: made.ca });
  });

  it('without SNI', async () => {
    let asked: unknown = 'nothing yet';
    const port = await tlsServer(made.valid, (socket) => {
      asked = (socket as unknown as { servername: unknown }).servername;
      socket.end('HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n');
    });
    const error = await rejection(
      own.pool.connect(`wss://localhost:${port}/`, { tls: { ca: made.ca, servername: '' } }),
    );
    expect(error.code).toBe('ERR_UPGRADE_REFUSED');
    expect(asked).toBe(false);
  });

  it('with its chain', async () => {
    await opens(`wss://127.0.0.1:${await server(made.chained)}/`, { ca: [made.ca] });
  });

  it('by servername, which is sent as SNI', async () => {
    let asked: unknown;
    const port = await tlsServer(made.otherHost, (socket) => {
      asked = (socket as unknown as { servername: unknown }).servername;
      void readRequest(socket).then((request) => {
        expect(headerOf(request, 'Host')).toBe(`127.0.0.1:${port}`);
        socket.end('HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const error = await rejection(
      own.pool.connect(`wss://127.0.0.1:${port}/`, {
        tls: { ca: made.ca, servername: 'other.test' },
      }),
    );
    expect(error.code).toBe('ERR_UPGRADE_REFUSED');
    expect(asked).toBe('other.test');
  });

  it.each(['expired', 'selfSigned', 'otherHost'] as const)(
    '%s, where nothing is verified',
    async (which) => {
      const port = await server(made[which]);
      await opens(`wss://127.0.0.1:${port}/`, { rejectUnauthorized: false });
    },
  );
});

describe('a certificate of the client', () => {
  const demanding = () =>
    server({ ...made.valid, ca: made.ca, requestCert: true, rejectUnauthorized: true });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is missed: %s', async (version) => {
    const port = await demanding();
    const error = await rejection(
      own.pool.connect(`wss://127.0.0.1:${port}/`, {
        tls: { ca: made.ca, minVersion: version, maxVersion: version },
      }),
    );
    // In TLS 1.3 the request is on its way before the alert: its answer can be a reset that
    // overtakes the alert.
    if (version === 'TLSv1.3' && error.code === 'ERR_CONNECTION_RESET') return;
    expect(error.code).toBe('ERR_TLS_HANDSHAKE');
    expect(error.details.reason).toMatch(/certificate required|handshake failure/);
  });

  it('is taken', async () => {
    const url = `wss://127.0.0.1:${await demanding()}/`;
    await opens(url, { ca: made.ca, ...made.client });
  });

  it('has an encrypted key', async () => {
    const url = `wss://127.0.0.1:${await demanding()}/`;
    const { cert } = made.client;
    const key = encrypted(made.client, 'open sesame');
    await opens(url, { ca: made.ca, cert, key, passphrase: 'open sesame' });
    for (const passphrase of ['wrong', undefined]) {
      const error = await rejection(
        own.pool.connect(url, { tls: { ca: made.ca, cert, key, passphrase } }),
      );
      expect(error.code).toBe('ERR_TLS_OPTION');
    }
  });
});

describe('no TLS in common', () => {
  it('versions', async () => {
    const port = await server({ ...made.valid, maxVersion: 'TLSv1.2' });
    const error = await rejection(
      own.pool.connect(`wss://127.0.0.1:${port}/`, {
        tls: { ca: made.ca, minVersion: 'TLSv1.3' },
      }),
    );
    expect(error.code).toBe('ERR_TLS_VERSION');
  });

  it('ciphers', async () => {
    const port = await server({
      ...made.valid,
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    });
    const error = await rejection(
      own.pool.connect(`wss://127.0.0.1:${port}/`, {
        tls: { ca: made.ca, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
      }),
    );
    expect(error.code).toBe('ERR_TLS_HANDSHAKE');
  });

  it('TLS spoken to a plain port', async () => {
    const port = await wsServer(echo);
    const error = await rejection(own.pool.connect(`wss://127.0.0.1:${port}/`));
    expect(error.code).toBe('ERR_TLS_HANDSHAKE');
    expect(error.details.reason).toMatch(/wrong version number|http request/);
  });

  it('plain spoken to a TLS port', async () => {
    const port = await server(made.valid);
    const error = await rejection(own.pool.connect(`ws://127.0.0.1:${port}/`, { timeout: 2000 }));
    expect(error.code).toMatch(/^ERR_(CONNECTION_RESET|UPGRADE_INVALID|UPGRADE_REFUSED)$/);
  });

  it.each(['after the first bytes', 'at once'])('cut in its handshake %s', async (when) => {
    const port = await tcpServer((socket) => {
      if (when === 'at once') socket.destroy();
      else socket.once('data', () => socket.resetAndDestroy());
    });
    const error = await rejection(own.pool.connect(`wss://127.0.0.1:${port}/`));
    expect(error.code).toBe('ERR_CONNECTION_RESET');
    expect(error.details.phase).toBe('TLS');
  });
});

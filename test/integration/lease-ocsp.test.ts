import https from 'node:https';
import { describe, expect, it } from 'vitest';
import { identity } from '../fixtures/certificates.js';
import { usePool } from '../fixtures/pool.js';
import { echo, wsServer } from '../fixtures/servers.js';

const own = usePool();

describe('a stapled OCSP response', () => {
  it.each([true, false])('is there if it was asked for: %s', async (requestOCSP) => {
    const authority = await identity('authority', { authority: true });
    const server = await identity('localhost', { issuer: authority });
    const http = https.createServer(server);
    let asked = 0;
    http.on('OCSPRequest', (_certificate, _issuer, callback) => {
      asked++;
      callback(null, Buffer.from('what the authority says'));
    });
    const port = await wsServer(echo, {}, http);
    const connection = await own.pool.connect(`wss://localhost:${port}/`, {
      tls: { ca: authority.cert, requestOCSP },
    });
    const response = await connection.withLease('shared', ({ tls }) => tls?.ocspResponse);
    expect(response?.toString()).toBe(requestOCSP ? 'what the authority says' : undefined);
    expect(asked).toBe(requestOCSP ? 1 : 0);
    await connection.close();
  });
});

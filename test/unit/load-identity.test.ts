import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeIdentity } from '../../tools/src/target/identity.js';

describe('makeIdentity', () => {
  it('is for the loopback names and the host, and not an authority itself', async () => {
    const { cert, ca = '' } = await makeIdentity('server.test');
    const certificate = new X509Certificate(cert);
    for (const name of ['localhost', 'server.test']) {
      expect(certificate.checkHost(name)).toBe(name);
    }
    for (const address of ['127.0.0.1', '::1']) {
      expect(certificate.checkIP(address)).toBe(address);
    }
    expect(certificate.ca).toBe(false);
    const authority = new X509Certificate(ca);
    expect(authority.ca).toBe(true);
    expect(certificate.checkIssued(authority)).toBe(true);
    expect(certificate.verify(authority.publicKey)).toBe(true);
  });

  it('is taken by a client that trusts its authority', async () => {
    const { cert, key, ca } = await makeIdentity('127.0.0.1');
    const server = createServer({ cert, key }, (socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ca }, () => {
        expect(socket.authorized).toBe(true);
        socket.end();
        resolve();
      });
      socket.on('error', reject);
    });
    server.close();
  });
});

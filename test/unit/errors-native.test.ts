import { describe, expect, it } from 'vitest';
import { codeForErrno, errorFromNative, UpgradeError } from '../../src/errors/errors.js';

function fromNative(code: string, fields: Record<string, string | Uint8Array> = {}) {
  return errorFromNative(code, new Map(Object.entries(fields)));
}

describe('errorFromNative', () => {
  it('reads numbers, dates and lists', () => {
    const error = fromNative('ERR_CERT_HOSTNAME', {
      host: 'example.com',
      port: '443',
      subject: 'CN=other.example',
      validFrom: 'Jan  1 00:00:00 2024 GMT',
      validTo: '2030-01-01T00:00:00Z',
      altNames: 'DNS:a.example, DNS:"odd, name", IP Address:192.0.2.1',
      sslReason: 'hostname mismatch',
    });
    expect(error.details).toEqual({
      host: 'example.com',
      port: 443,
      subject: 'CN=other.example',
      validFrom: new Date('2024-01-01T00:00:00Z'),
      validTo: new Date('2030-01-01T00:00:00Z'),
      altNames: ['DNS:a.example', 'DNS:"odd, name"', 'IP Address:192.0.2.1'],
      reason: 'hostname mismatch',
    });
  });

  it('takes names that are separated by line feeds', () => {
    const error = fromNative('ERR_CERT_HOSTNAME', { altNames: 'DNS:a\nDNS:b\n' });
    expect(error.details.altNames).toEqual(['DNS:a', 'DNS:b']);
  });

  it('leaves out numbers and dates it cannot read', () => {
    const error = fromNative('ERR_CERT_EXPIRED', { port: 'x', validTo: 'Bad time value' });
    expect(error.details).toEqual({});
  });

  it('prefers reason to sslReason, in any order', () => {
    expect(fromNative('ERR_SYSTEM', { reason: 'a', sslReason: 'b' }).details.reason).toBe('a');
    expect(fromNative('ERR_SYSTEM', { sslReason: 'b', reason: 'a' }).details.reason).toBe('a');
  });

  it('reads the head of an answer', () => {
    const error = fromNative('ERR_UPGRADE_REFUSED', {
      headers: Buffer.from(
        'HTTP/1.1 403 Not Here\r\nServer: x\r\nVia: a\r\nVIA: b\r\nSet-Cookie: c=1\r\n' +
          'Set-Cookie: d=2\r\nX-Folded: one\r\n two\r\n__proto__: odd\r\nno colon\r\n\r\n',
      ),
      body: Buffer.from('go away'),
    });
    expect(error).toBeInstanceOf(UpgradeError);
    expect(error).toMatchObject({ status: 403, statusText: 'Not Here', body: 'go away' });
    const { headers } = error as UpgradeError;
    expect(Object.entries(headers)).toEqual([
      ['server', 'x'],
      ['via', 'a, b'],
      ['set-cookie', ['c=1', 'd=2']],
      ['x-folded', 'one two'],
      ['__proto__', 'odd'],
    ]);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  });

  it('takes a block of headers without status line, and a status of its own', () => {
    const error = fromNative('ERR_UPGRADE_REFUSED', { status: '500', headers: 'A: b\nC: d' });
    expect(error).toMatchObject({ status: 500, statusText: '', headers: { a: 'b', c: 'd' } });
    const other = fromNative('ERR_UPGRADE_REFUSED', {
      status: '500',
      headers: 'HTTP/1.0 404\nA: b',
    });
    expect(other).toMatchObject({ status: 500, headers: { a: 'b' } });
  });

  it('keeps the first KiB of a body, and no half character at its end', () => {
    const body = Buffer.concat([Buffer.alloc(1023, 'x'), Buffer.from('€uro')]);
    const error = fromNative('ERR_UPGRADE_REFUSED', { body }) as UpgradeError;
    expect(error.body).toBe('x'.repeat(1023));
    const binary = fromNative('ERR_UPGRADE_REFUSED', { body: Buffer.from([0xff, 0x41]) });
    expect((binary as UpgradeError).body).toBe('\ufffdA');
  });

  it.each([
    ['ECONNREFUSED', 'ERR_CONNECTION_REFUSED'],
    ['ENOENT', 'ERR_CONNECTION_REFUSED'],
    ['EHOSTUNREACH', 'ERR_UNREACHABLE'],
    ['ENETUNREACH', 'ERR_UNREACHABLE'],
    ['ETIMEDOUT', 'ERR_UNREACHABLE'],
    ['ECONNRESET', 'ERR_CONNECTION_RESET'],
    ['EMFILE', 'ERR_TOO_MANY_FILES'],
    ['ENFILE', 'ERR_TOO_MANY_FILES'],
    ['EADDRNOTAVAIL', 'ERR_LOCAL_PORTS_EXHAUSTED'],
    ['EACCES', 'ERR_SOCKET'],
    ['constructor', 'ERR_SOCKET'],
  ])('makes the code of ERR_SOCKET that belongs to %s', (errno, code) => {
    expect(fromNative('ERR_SOCKET', { errno }).code).toBe(code);
    expect(codeForErrno(errno)).toBe(code);
  });

  it('tells an address that is not of this machine from ports used up', () => {
    const fields = { errno: 'EADDRNOTAVAIL', syscall: 'bind' };
    expect(fromNative('ERR_SOCKET', fields).code).toBe('ERR_LOCAL_ADDRESS');
    const usedUp = { errno: 'EADDRINUSE', syscall: 'bind' };
    expect(fromNative('ERR_SOCKET', usedUp).code).toBe('ERR_LOCAL_PORTS_EXHAUSTED');
  });

  it('keeps a code that is already exact', () => {
    const error = fromNative('ERR_CONNECTION_LOST', { errno: 'ECONNRESET' });
    expect(error.code).toBe('ERR_CONNECTION_LOST');
  });

  it('reports a code it does not know as ERR_SYSTEM', () => {
    const error = fromNative('ERR_NEW', { reason: 'why' });
    expect(error.code).toBe('ERR_SYSTEM');
    expect(error.message).toContain('unknown error ERR_NEW: why');
    expect(fromNative('toString').code).toBe('ERR_SYSTEM');
  });
});

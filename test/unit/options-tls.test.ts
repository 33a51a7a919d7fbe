import { resolve } from 'node:path';
import tls from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import { parseTlsOptions, type TlsOptions } from '../../src/options/options.js';
import { thrownBy } from './support/thrown.js';

const CERT = tls.rootCertificates[0] ?? '';
const CA = tls.rootCertificates[1] ?? '';
const KEY = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n';

const parse = (options: unknown) => parseTlsOptions(options as TlsOptions);

describe('parseTlsOptions', () => {
  it('begins with the defaults of node:tls', () => {
    expect(parseTlsOptions(undefined)).toEqual({
      ...{ ca: undefined, cert: [], key: [], passphrase: undefined },
      rejectUnauthorized: true,
      requestOCSP: false,
      minVersion: tls.DEFAULT_MIN_VERSION,
      maxVersion: tls.DEFAULT_MAX_VERSION,
      ciphers: tls.DEFAULT_CIPHERS,
      ecdhCurve: tls.DEFAULT_ECDH_CURVE,
      sigalgs: undefined,
      ALPNProtocols: ['http/1.1'],
      maxCachedSessions: 100,
      keylog: false,
    });
    expect(parse({})).toBe(parseTlsOptions(undefined));
  });

  it('has what a program has made of the defaults of node:tls', () => {
    const { DEFAULT_ECDH_CURVE, DEFAULT_CIPHERS } = tls;
    try {
      Object.assign(tls, { DEFAULT_ECDH_CURVE: 'P-256', DEFAULT_CIPHERS: 'HIGH' });
      expect(parse(undefined)).toMatchObject({ ecdhCurve: 'P-256', ciphers: 'HIGH' });
    } finally {
      Object.assign(tls, { DEFAULT_ECDH_CURVE, DEFAULT_CIPHERS });
    }
  });

  it('takes PEM as text, bytes and lists', () => {
    const { buffer } = new TextEncoder().encode(CERT);
    expect(parse({ ca: CA }).ca).toEqual([CA]);
    expect(parse({ ca: [Buffer.from(CA), new DataView(buffer)] }).ca).toEqual([CA, CERT]);
    expect(parse({ ca: [] }).ca).toEqual([]);
    expect(parse({ cert: CERT, key: Buffer.from(KEY), passphrase: 'p' })).toMatchObject({
      cert: [CERT],
      key: [{ pem: KEY, passphrase: undefined }],
      passphrase: 'p',
    });
    expect(parse({ cert: [CERT, CERT], key: [KEY, { pem: KEY, passphrase: 'q' }] }).key).toEqual([
      { pem: KEY, passphrase: undefined },
      { pem: KEY, passphrase: 'q' },
    ]);
  });

  it('keeps a copy of bytes', () => {
    const ca = Buffer.from(CA);
    const parsed = parse({ ca });
    ca.fill(0);
    expect(parsed.ca).toEqual([CA]);
  });

  it('takes a key log as a path, a URL or for events, and from the environment', () => {
    expect(parse({ keylog: 'keys' }).keylog).toBe(resolve('keys'));
    expect(parse({ keylog: new URL('file:///tmp/keys') }).keylog).toBe('/tmp/keys');
    expect(parse({ keylog: true }).keylog).toBe(true);
    vi.stubEnv('SSLKEYLOGFILE', '/tmp/env');
    expect(parse({}).keylog).toBe(false);
    expect(parse({ keylogFromEnv: true }).keylog).toBe('/tmp/env');
    expect(parse({ keylogFromEnv: true, keylog: false }).keylog).toBe(false);
    vi.stubEnv('SSLKEYLOGFILE', '');
    expect(parse({ keylogFromEnv: true }).keylog).toBe(false);
    vi.unstubAllEnvs();
    expect(parseTlsOptions({ keylog: false }, parse({ keylog: true })).keylog).toBe(false);
  });

  it('takes the other options', () => {
    const options = {
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_128_GCM_SHA256',
      ecdhCurve: 'X25519:P-256',
      sigalgs: 'RSA-PSS+SHA256:ed25519',
      ALPNProtocols: Buffer.from('\x08http/1.1\x03foo', 'latin1'),
    };
    expect(parse(options)).toMatchObject({
      ...options,
      ALPNProtocols: ['http/1.1', 'foo'],
    });
    expect(parse({ ALPNProtocols: ['a'] }).ALPNProtocols).toEqual(['a']);
  });

  it('completes from given defaults', () => {
    const defaults = parse({ ca: CA, cert: CERT, key: KEY });
    expect(parseTlsOptions({ ciphers: 'x' }, defaults)).toEqual({ ...defaults, ciphers: 'x' });
    expect(parseTlsOptions(undefined, defaults)).toBe(defaults);
    expect(parseTlsOptions({}, defaults)).toBe(defaults);
  });

  it('gives equal options as the same, frozen object', () => {
    const one = parse({ ca: [CA], cert: CERT, key: KEY, minVersion: 'TLSv1.3' });
    const same = parse({ ca: Buffer.from(CA), cert: CERT, key: KEY, minVersion: 'TLSv1.3' });
    expect(same).toBe(one);
    expect(Object.isFrozen(one)).toBe(true);
    for (const other of [
      ...[{ ca: CERT }, { ca: [] }, { cert: [CERT, CERT] }, { ciphers: 'x' }],
      ...[{ ecdhCurve: 'x' }, { sigalgs: 'x' }],
      ...[{ key: [{ pem: KEY, passphrase: 'x' }] }, { passphrase: 'x' }],
      ...[{ rejectUnauthorized: false }, { ALPNProtocols: ['x'] }, { minVersion: 'TLSv1.2' }],
      { maxCachedSessions: 0 },
      { keylog: true },
      { keylog: '/tmp/keys' },
    ]) {
      expect(parseTlsOptions(other as TlsOptions, one)).not.toBe(one);
    }
  });

  it('shares one object for whatever server name and BIO', () => {
    const one = parse({ ca: CA });
    expect(parse({ ca: CA, servername: 'a.example' })).toBe(one);
    expect(parse({ ca: CA, servername: 'b.example', bio: { type: 'counter' } })).toBe(one);
  });

  it('finds each of very many, also those that look alike', () => {
    const alike = (at: number) => `-----BEGIN CERTIFICATE-----\n${at % 50}${'A'.repeat(200)}`;
    const held = Array.from({ length: 500 }, (_, at) => parse({ ca: [alike(at), `${CERT}${at}`] }));
    expect(new Set(held).size).toBe(500);
    for (const [at, one] of held.entries()) {
      expect(parse({ ca: [Buffer.from(alike(at)), `${CERT}${at}`] })).toBe(one);
    }
  });

  it.each<[unknown, option: string, ...said: string[]]>([
    [{ ca: '' }, 'tls.ca', 'PEM text', 'got ""'],
    [{ ca: './ca.pem' }, 'tls.ca', 'readFileSync(path)', 'got "./ca.pem"'],
    [{ ca: [CA, 5] }, 'tls.ca[1]', 'PEM text', 'got 5'],
    [{ ca: Buffer.from([0x30, 0x82]) }, 'tls.ca', 'PEM text', 'a buffer of 2 bytes'],
    [{ cert: {}, key: KEY }, 'tls.cert', 'PEM text', 'an object'],
    [{ cert: CERT }, 'tls.key', 'the counterpart of "tls.cert"'],
    [{ key: KEY }, 'tls.cert', 'the counterpart of "tls.key"'],
    [{ key: '/etc/key.pem' }, 'tls.key', 'a string of 12 characters', 'readFileSync(path)'],
    [{ key: { pem: KEY } }, 'tls.key', 'a list of PEM texts'],
    [{ key: [{ pem: KEY, pass: 'x' }] }, 'tls.key[0]', 'a list of PEM texts'],
    [{ key: [{ pem: KEY, passphrase: 5 }] }, 'tls.key[0].passphrase', 'a string', 'a number'],
    [{ key: [{}] }, 'tls.key[0].pem', 'PEM text', 'undefined'],
    [{ passphrase: 5 }, 'tls.passphrase', 'a string', 'a number'],
    [{ servername: 5 }, 'tls.servername', 'a host name', 'got 5'],
    [{ servername: '127.0.0.1' }, 'tls.servername', 'no IP address', 'got "127.0.0.1"'],
    [{ servername: '::1' }, 'tls.servername', 'no IP address'],
    [{ servername: 'a b' }, 'tls.servername', 'a host name'],
    [{ servername: 'a\r\nb' }, 'tls.servername', 'a host name'],
    [{ servername: 'a/b' }, 'tls.servername', 'a host name'],
    [{ servername: '.' }, 'tls.servername', 'a host name'],
    [{ servername: '.com' }, 'tls.servername', 'a part of the name is empty', 'got ".com"'],
    [{ servername: '.example.com' }, 'tls.servername', 'a part of the name is empty'],
    [{ servername: 'a..b' }, 'tls.servername', 'a part of the name is empty'],
    [{ servername: 'example.com..' }, 'tls.servername', 'a part of the name is empty'],
    [{ servername: '\u3002example.com' }, 'tls.servername', 'a part of the name is empty'],
    [{ servername: '*.example.com' }, 'tls.servername', 'a host name'],
    [{ servername: `${'a'.repeat(64)}.com` }, 'tls.servername', 'longer than 63 characters'],
    [{ servername: `${'a.'.repeat(126)}com` }, 'tls.servername', 'longer than 253 characters'],
    [{ servername: '127.0.0.1.' }, 'tls.servername', 'no IP address'],
    [{ servername: ' a' }, 'tls.servername', 'a host name'],
    [{ servername: 'a\0b' }, 'tls.servername', 'a host name'],
    [{ servername: '0x7f.1' }, 'tls.servername', 'no IP address'],
    [{ rejectUnauthorized: 0 }, 'tls.rejectUnauthorized', 'true or false', 'got 0'],
    [{ minVersion: 'SSLv3' }, 'tls.minVersion', '"TLSv1.2", "TLSv1.3"', 'got "SSLv3"'],
    [{ maxVersion: 1.2 }, 'tls.maxVersion', '"TLSv1.2"', 'got 1.2'],
    [{ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, 'tls.minVersion', 'no later than'],
    [{ ciphers: '' }, 'tls.ciphers', 'a list of ciphers', 'got ""'],
    [{ ciphers: [] }, 'tls.ciphers', 'a list of ciphers'],
    [{ ecdhCurve: '' }, 'tls.ecdhCurve', 'groups', 'got ""'],
    [{ ecdhCurve: 'P-256 X25519' }, 'tls.ecdhCurve', 'groups'],
    [{ ecdhCurve: 'P-256\0' }, 'tls.ecdhCurve', 'groups'],
    [{ ecdhCurve: 'x'.repeat(1025) }, 'tls.ecdhCurve', 'groups'],
    [{ ecdhCurve: ['P-256'] }, 'tls.ecdhCurve', 'groups'],
    [{ sigalgs: '' }, 'tls.sigalgs', 'signature algorithms', 'got ""'],
    [{ sigalgs: 5 }, 'tls.sigalgs', 'signature algorithms', 'got 5'],
    [{ ALPNProtocols: [] }, 'tls.ALPNProtocols', 'a list of protocol names'],
    [{ ALPNProtocols: 'h2' }, 'tls.ALPNProtocols', 'got "h2"'],
    [{ ALPNProtocols: ['a', ''] }, 'tls.ALPNProtocols[1]', 'got ""'],
    [{ ALPNProtocols: ['a,b'] }, 'tls.ALPNProtocols[0]', 'no comma'],
    [{ ALPNProtocols: ['x'.repeat(256)] }, 'tls.ALPNProtocols[0]', '1 to 255'],
    [{ ALPNProtocols: Buffer.from('\x09http/1.1') }, 'tls.ALPNProtocols', 'a buffer of 9 bytes'],
    [{ ALPNProtocols: Buffer.from('\0') }, 'tls.ALPNProtocols', 'a list of protocol names'],
    [{ keylog: '' }, 'tls.keylog', 'the path of a file to append to', 'got ""'],
    [{ keylog: 'a\0b' }, 'tls.keylog', 'the path of a file'],
    [{ keylog: 1 }, 'tls.keylog', 'true for events', 'got 1'],
    [{ keylog: new URL('http://h/') }, 'tls.keylog', 'the path of a file'],
    [{ keylogFromEnv: 'yes' }, 'tls.keylogFromEnv', 'true or false', 'got "yes"'],
    [{ maxCachedSessions: -1 }, 'tls.maxCachedSessions', 'an integer from 0', 'got -1'],
    [{ maxCachedSessions: 0.5 }, 'tls.maxCachedSessions', 'an integer from 0', 'got 0.5'],
    [{ maxCachedSessions: null }, 'tls.maxCachedSessions', 'an integer from 0'],
    [{ secureContext: {} }, 'tls.secureContext', 'no option', 'Known are: ca, cert'],
    [{ serverName: 'x' }, 'tls.serverName', 'Did you mean "servername"?'],
  ])('refuses %j', (options, option, ...said) => {
    const error = thrownBy(() => parse(options));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', details: { option } });
    for (const text of said) expect(error.message).toContain(text);
  });
});

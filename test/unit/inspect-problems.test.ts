import { readFileSync } from 'node:fs';
import { type ErrorCode, type ErrorDetails, LwsPoolError, parseConnectionUrl } from 'lws-pool';
import { describe, expect, it } from 'vitest';
import { CERTIFICATE_ERRORS, TLS_ERRORS } from '../../src/errors/tls.js';
import { UPGRADE_ERRORS } from '../../src/errors/upgrade.js';
import { problemOf } from '../../tools/src/inspect/problems.js';
import type { TlsReport } from '../../tools/src/inspect/report.js';
import { safeHeader, safeUrl, withoutSecrets } from '../../tools/src/inspect/secrets.js';
import { INSPECT_DEFAULTS, type InspectSettings } from '../../tools/src/inspect/settings.js';
import { warningsOf } from '../../tools/src/inspect/warnings.js';

const settings: InspectSettings = {
  ...{ ...INSPECT_DEFAULTS, url: 'wss://example.com/', headers: {}, origin: undefined },
  ...{ protocols: [], ca: undefined, cert: undefined, key: undefined, insecure: false },
  ...{ servername: undefined, resume: true },
};
const circumstances = {
  ...{
    target: parseConnectionUrl('wss://example.com/'),
    settings,
    outdated: undefined,
    speaksTls: false,
  },
};
const DETAILS: ErrorDetails = { host: 'example.com', address: '192.0.2.1', port: 443 };

const problem = (code: ErrorCode, details: ErrorDetails = {}, more = {}) =>
  problemOf(new LwsPoolError(code, { ...DETAILS, ...details }), { ...circumstances, ...more });

/** Exit status by code; docs/monitoring.md and the command's help list the same. */
const STATUSES: readonly (readonly [number, ErrorCode])[] = [
  [10, 'ERR_NAME_NOT_FOUND'],
  [11, 'ERR_NAME_LOOKUP'],
  [12, 'ERR_CONNECTION_REFUSED'],
  [13, 'ERR_UNREACHABLE'],
  [14, 'ERR_HANDSHAKE_TIMEOUT'],
  [15, 'ERR_CONNECTION_RESET'],
  [20, 'ERR_TLS_VERSION'],
  [21, 'ERR_TLS_HANDSHAKE'],
  [21, 'ERR_TLS_FLOOD'],
  [22, 'ERR_CERT_EXPIRED'],
  [23, 'ERR_CERT_NOT_YET_VALID'],
  [24, 'ERR_CERT_HOSTNAME'],
  [25, 'ERR_CERT_SELF_SIGNED'],
  [26, 'ERR_CERT_UNKNOWN_CA'],
  [27, 'ERR_CERT_INVALID'],
  [30, 'ERR_UPGRADE_REFUSED'],
  [31, 'ERR_UPGRADE_INVALID'],
  [31, 'ERR_ACCEPT_MISMATCH'],
  [31, 'ERR_EXTENSION'],
  [32, 'ERR_SUBPROTOCOL'],
  [1, 'ERR_ABORTED'],
  [1, 'ERR_LOCAL_PORTS_EXHAUSTED'],
];

describe('an exit status', () => {
  it.each(STATUSES)('%i is that of %s', (status, code) => {
    const { exitStatus, problem: found } = problem(code);
    expect(exitStatus).toBe(status);
    expect(found.code).toBe(code);
    expect(found.headline).toMatch(/^\S.*\.$/);
    expect(found.headline).not.toMatch(/undefined|NaN|\n/);
    expect(found.advice).toMatch(/^\S.*\S$/);
    expect(found.advice).not.toMatch(/undefined|NaN|\n/);
  });

  it('is there for all that can be wrong with TLS and the upgrade', () => {
    const known = new Set<string>(STATUSES.map(([, code]) => code));
    const all = { ...CERTIFICATE_ERRORS, ...TLS_ERRORS, ...UPGRADE_ERRORS };
    const missing = Object.keys(all).filter((code) => !known.has(code));
    // These two are of what only a caller of the library can ask for.
    expect(missing).toEqual(['ERR_KEYLOG', 'ERR_BIO', 'ERR_TLS_OPERATION']);
  });

  it('is documented', () => {
    const text = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
    for (const [status, code] of STATUSES) {
      if (status !== 1) expect(text).toMatch(new RegExp(`^\\| ${status} \\|.*\`${code}\``, 'm'));
    }
    for (const status of [0, 1, 2, 33, 34]) {
      expect(text).toMatch(new RegExp(`^\\| ${status} \\|`, 'm'));
    }
  });
});

describe('the advice', () => {
  const advice = (...args: Parameters<typeof problem>) => problem(...args).problem.advice;

  it.each([
    [401, 'credentials'],
    [403, 'origin'],
    [404, 'path'],
    [302, 'location'],
    [429, 'retry-after'],
    [426, 'version'],
    [502, 'proxy'],
    [200, 'HTTP'],
    [400, 'answer below'],
  ])('at status %i speaks of %s', (status, said) => {
    expect(advice('ERR_UPGRADE_REFUSED', { status })).toContain(said);
  });

  it.each([
    ['wrong version number', 'ws://'],
    ['tlsv13 alert certificate required', '--cert and --key'],
    ['tlsv1 unrecognized name', '--servername'],
    ['sslv3 alert handshake failure', 'ciphers'],
  ])('at "%s" speaks of %s', (reason, said) => {
    expect(advice('ERR_TLS_HANDSHAKE', { reason })).toContain(said);
  });

  it.each(['name lookup', 'TCP', 'TLS', 'upgrade'])('tells a time-out in %s apart', (phase) => {
    const { headline, advice: text } = problem('ERR_HANDSHAKE_TIMEOUT', {
      ...{ phase, timeout: 2500 },
    }).problem;
    expect(headline).toContain(`still in ${phase} after 2.5 s`);
    expect(text).not.toBe(advice('ERR_HANDSHAKE_TIMEOUT'));
  });

  it('knows a port that speaks TLS, and a server that speaks an old one', () => {
    expect(advice('ERR_CONNECTION_RESET', {}, { speaksTls: true })).toContain('wss://');
    expect(advice('ERR_UPGRADE_INVALID', {}, { speaksTls: true })).toContain('wss://');
    const { headline } = problem('ERR_TLS_VERSION', {}, { outdated: 'TLSv1.1' }).problem;
    expect(headline).toContain('nothing newer than TLSv1.1');
  });

  it('names the names that a certificate is for, escaped', () => {
    const altNames = ['DNS:a.example', 'DNS:b\u001b[2J'];
    expect(advice('ERR_CERT_HOSTNAME', { altNames })).toContain('DNS:a.example, DNS:b\\u001b[2J');
  });
});

describe('secrets', () => {
  it.each([
    ['Authorization', 'Bearer abc'],
    ['Proxy-Authorization', 'Basic abc'],
    ['cookie', 'a=b'],
    ['set-cookie', 'a=b'],
    ['X-Api-Key', 'abc'],
    ['X-Auth-Token', 'abc'],
    ['X-Amz-Security-Token', 'abc'],
    ['X-Session-Id', 'abc'],
  ])('the value of %s is hidden', (name, value) => {
    expect(safeHeader([name, value])).toEqual([name, `(hidden: ${value.length} characters)`]);
  });

  it.each([
    ['WWW-Authenticate', 'Basic realm="a"'],
    ['Sec-WebSocket-Accept', 'abc'],
    ['Host', 'example.com'],
    ['X-Request-Id', '17'],
    ['Sec-WebSocket-Protocol', 'chat, v2.chat'],
  ])('the value of %s is shown', (name, value) => {
    expect(safeHeader([name, value])).toEqual([name, value]);
  });

  it('hides what a server repeats of the request', () => {
    const request = {
      line: 'GET /p?token=SECRET%20Q&room=lobby HTTP/1.1',
      headers: [
        ['Host', 'a'],
        ['Authorization', 'Bearer SECRETH'],
      ] as const,
    };
    const body = 'room lobby: no "SECRETH", token=SECRET%20Q (SECRET Q), Bearer';
    expect(withoutSecrets(body, request)).toBe('room lobby: no "***", token=*** (***), ***');
  });

  it('hides tokens that are passed off as subprotocols', () => {
    const token = `base64url.bearer.authorization.k8s.io.${'x'.repeat(20)}`;
    expect(safeHeader(['Sec-WebSocket-Protocol', `v4.channel.k8s.io, ${token}`])[1]).toBe(
      `v4.channel.k8s.io, (hidden: ${token.length} characters)`,
    );
  });

  it.each([
    ['wss://a/?token=x&room=1', 'wss://a/?token=***&room=1'],
    ['wss://a/?room=1&access_token=x', 'wss://a/?room=1&access_token=***'],
    ['wss://a/?key=x;sig=y', 'wss://a/?key=***;sig=***'],
    ['GET /?apikey=x HTTP/1.1', 'GET /?apikey=*** HTTP/1.1'],
    ['wss://a/?api_key=x&listenKey=y', 'wss://a/?api_key=***&listenKey=***'],
    ['wss://a/?passphrase=x&%74oken=y', 'wss://a/?passphrase=***&%74oken=***'],
    ['https://user:pass@a/login', 'https://***@a/login'],
    ['wss://a/?keyboard=1', 'wss://a/?keyboard=1'],
  ])('%s is shown as %s', (url, shown) => {
    expect(safeUrl(url)).toBe(shown);
  });
});

describe('warnings', () => {
  const certificate = {
    ...{ subject: 'CN=a', issuer: 'CN=b', validFrom: '', validTo: '', altNames: [] },
    ...{ serialNumber: '', fingerprint256: '', keyType: 'rsa', keySize: 2048, daysLeft: 14 },
  };
  const tls = {
    ...{ source: 'connection', version: 'TLSv1.3', cipher: '', cipherStandard: '', group: null },
    ...{ alpn: null, servername: null, verified: true, verifyError: null, ocspBytes: null },
    ...{ resumption: 'not tried', chain: [certificate] },
  } as TlsReport;

  it('there are none where nothing is to be done', () => {
    expect(warningsOf(null)).toEqual([]);
    expect(warningsOf(tls)).toEqual([]);
  });

  it('are of certificates that end soon, short keys, old versions, and what was overlooked', () => {
    const chain = [
      { ...certificate, daysLeft: 13 },
      { ...certificate, daysLeft: 1 },
      { ...certificate, keySize: 1024 },
      { ...certificate, daysLeft: -3 },
    ];
    const verifyError = 'certificate has expired';
    const weak = { ...tls, version: 'TLSv1.1', verified: false, verifyError, chain };
    expect(warningsOf(weak)).toEqual([
      'The certificate was overlooked (--insecure): certificate has expired.',
      'The certificate "CN=a" expires in 13 days.',
      'The certificate "CN=a" expires in 1 day.',
      'The certificate "CN=a" has an RSA key of only 1024 bits.',
      'TLSv1.1 is outdated (RFC 8996).',
    ]);
  });
});

import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  CertificateError,
  createError,
  ERRORS,
  type ErrorCode,
  type ErrorDetails,
  LwsPoolError,
  UpgradeError,
} from '../../src/errors/errors.js';

const peer = { host: 'example.com', port: 443, address: '192.0.2.1' };
const certificate = {
  ...peer,
  subject: 'CN=example.com',
  issuer: 'CN=Some CA',
  validFrom: new Date('2024-01-01T00:00:00Z'),
  validTo: new Date('2025-01-01T00:00:00Z'),
  altNames: ['DNS:example.com', 'DNS:www.example.com'],
};
const at = 'example.com:443 (192.0.2.1)';

/** For each code a sample of its facts, and what its message has to say of them. */
const SAMPLES: Record<ErrorCode, [details: ErrorDetails, ...said: string[]]> = {
  ERR_INVALID_OPTION: [
    { option: 'tls.minVersion', got: '"SSLv3"', takes: '"TLSv1.2", "TLSv1.3"' },
    'Option "tls.minVersion" takes "TLSv1.2", "TLSv1.3"; it got "SSLv3".',
  ],
  ERR_INVALID_ARGUMENT: [
    { argument: 'code', got: '1005', takes: 'a close code' },
    'Argument "code" takes a close code; it got 1005.',
  ],
  ERR_STATS_OFF: [{}, '{ stats: false }'],
  ERR_PACKAGE_MISSING: [
    { package: '@opentelemetry/api', reason: 'no such package' },
    '"@opentelemetry/api" cannot be loaded: no such package',
    'npm install @opentelemetry/api',
  ],
  ERR_DEBUG_SOCKET: [
    { unixPath: '/run/x', errno: 'EADDRINUSE', reason: 'somebody listens there', hint: 'Do this.' },
    'No debug socket can be opened at /run/x: somebody listens there. Do this.',
  ],
  ERR_INVALID_URL: [
    { url: 'tcp://host', reason: 'it names no port', hint: 'Use tcp://host:port.' },
    'Cannot connect to "tcp://host": it names no port. Use tcp://host:port.',
  ],
  ERR_INVALID_HEADER: [
    { part: 'header "X-Trace"', reason: 'a line feed (LF) at position 3' },
    'The header "X-Trace" holds a line feed (LF) at position 3',
  ],
  ERR_TLS_OPTION: [{ option: 'tls.key', reason: 'bad decrypt' }, '"tls.key": bad decrypt'],
  ERR_FILE: [
    { file: '/tmp/trace.json', errno: 'ENOSPC', reason: 'ENOSPC: no space left on device' },
    'file "/tmp/trace.json" could not be written: ENOSPC',
  ],
  ERR_ADDON: [{ reason: 'no such file', hint: 'Run x.' }, 'used: no such file. Run x.'],
  ERR_NAME_NOT_FOUND: [
    { host: 'nowhere.example', errno: 'ENOTFOUND', syscall: 'getaddrinfo' },
    'The name "nowhere.example" has no address (getaddrinfo ENOTFOUND)',
  ],
  ERR_NAME_LOOKUP: [
    { host: 'example.com', errno: 'EAI_AGAIN' },
    'Looking up "example.com" failed (EAI_AGAIN: temporary failure)',
  ],
  ERR_CONNECTION_REFUSED: [
    { host: '::1', port: 80, errno: 'ECONNREFUSED', syscall: 'connect' },
    '[::1]:80 refused the connection (connect ECONNREFUSED: connection refused)',
  ],
  ERR_UNREACHABLE: [
    { ...peer, errno: 'EHOSTUNREACH', localAddress: '127.0.0.2' },
    `${at} cannot be reached from 127.0.0.2 (EHOSTUNREACH: host is unreachable)`,
  ],
  ERR_CONNECTION_RESET: [
    { ...peer, phase: 'TLS', errno: 'ECONNRESET' },
    `${at} cut the connection during TLS before it was open (ECONNRESET`,
  ],
  ERR_HANDSHAKE_TIMEOUT: [
    { ...peer, timeout: 10_000, phase: 'upgrade' },
    `${at} was not open after 10000 ms, still in upgrade`,
  ],
  ERR_ABORTED: [{ ...peer, reason: 'user left' }, `${at} was aborted by its signal: user left`],
  ERR_TOO_MANY_FILES: [{ ...peer, errno: 'EMFILE', limit: 1024 }, 'limit is 1024', 'ulimit -n'],
  ERR_LOCAL_PORTS_EXHAUSTED: [{ ...peer, errno: 'EADDRNOTAVAIL' }, at, '"localAddress" a list'],
  ERR_LOCAL_ADDRESS: [{ localAddress: '192.0.2.9' }, '192.0.2.9 cannot be bound'],
  ERR_SOCKET: [
    { unixPath: '/run/x', errno: 'EACCES' },
    '/run/x failed (EACCES: permission denied)',
  ],
  ERR_CERT_EXPIRED: [certificate, at, '"CN=example.com"', 'expired on 2025-01-01T00:00:00Z'],
  ERR_CERT_NOT_YET_VALID: [certificate, '"CN=example.com"', 'before 2024-01-01T00:00:00Z'],
  ERR_CERT_HOSTNAME: [
    { ...certificate, host: 'other.example' },
    'is not for other.example: it names DNS:example.com, DNS:www.example.com',
    '"CN=example.com"',
  ],
  ERR_CERT_SELF_SIGNED: [certificate, '"CN=example.com"', 'self-signed', '"tls.ca"'],
  ERR_CERT_UNKNOWN_CA: [certificate, '"CN=example.com"', 'issued by "CN=Some CA", which is not'],
  ERR_CERT_INVALID: [{ ...certificate, reason: 'certificate revoked' }, ': certificate revoked.'],
  ERR_TLS_VERSION: [{ ...peer, reason: 'unsupported protocol' }, at, 'unsupported protocol'],
  ERR_TLS_HANDSHAKE: [{ ...peer, reason: 'wrong version number' }, at, 'wrong version number'],
  ERR_TLS_FLOOD: [{ ...peer, limit: 64 }, 'more than 64 messages of TLS itself', 'closed'],
  ERR_KEYLOG: [
    { file: '/tmp/keys', reason: 'it is a directory' },
    'key log "/tmp/keys" cannot be used: it is a directory.',
  ],
  ERR_BIO: [{ ...peer, reason: 'meant to fail' }, at, 'meant to fail', 'tls.bio'],
  ERR_TLS_OPERATION: [
    { operation: 'updateKeys()', reason: 'bad length', hint: 'Do this.' },
    'updateKeys() is not possible on this connection: bad length. Do this.',
  ],
  ERR_UPGRADE_REFUSED: [{ ...peer, status: 403, statusText: 'Forbidden' }, at, '403 Forbidden'],
  ERR_UPGRADE_INVALID: [{ ...peer, status: 101, reason: 'no Upgrade header' }, 'no Upgrade header'],
  ERR_ACCEPT_MISMATCH: [{ ...peer, expected: 'abc=', received: 'xyz=' }, '"xyz="', '"abc="'],
  ERR_SUBPROTOCOL: [{ ...peer, expected: 'chat', received: 'mqtt' }, '"mqtt"; offered were chat'],
  ERR_EXTENSION: [{ ...peer, received: 'permessage-foo' }, 'extension "permessage-foo"'],
  ERR_CONNECTION_LOST: [{ ...peer, errno: 'ECONNRESET' }, at, 'ECONNRESET'],
  ERR_CONNECTION_CLOSED: [{ ...peer, closeCode: 1001 }, `${at} is closed (code 1001)`],
  ERR_PROTOCOL: [{ ...peer, reason: 'masked frame' }, '1002', ': masked frame.'],
  ERR_INVALID_UTF8: [{ connection: 7 }, 'Connection 7 was closed with 1007'],
  ERR_COMPRESSION: [{ connection: 7, reason: 'it is corrupt' }, 'Connection 7', 'it is corrupt'],
  ERR_MESSAGE_TOO_BIG: [{ ...peer, size: 300, limit: 200 }, '1009', '300 bytes', '200 bytes'],
  ERR_NO_MEMORY: [{ connection: '1.2.3' }, 'Connection 1.2.3 needs memory that is not there'],
  ERR_CLOSE_TIMEOUT: [{ ...peer, timeout: 10_000 }, 'within 10000 ms'],
  ERR_NOT_ESTABLISHED: [{ connection: '1.2.3' }, 'Connection 1.2.3 is not established yet'],
  ERR_LEASE_MODE: [
    { operation: 'read()', mode: 'shared' },
    'read() needs an exclusive lease; this one is shared',
    "'exclusive'",
  ],
  ERR_LEASE_RELEASED: [
    { connection: '1.2.3', label: 'probe', reason: 'detached' },
    'The lease probe on connection 1.2.3 was given back: detached',
  ],
  ERR_LEASE_EXPIRED: [{ connection: '1.2.3', timeout: 50 }, 'has expired after 50 ms', '"maxHold"'],
  ERR_LEASE_REVOKED: [{ connection: '1.2.3', reason: 'lost' }, 'its connection has ended: lost'],
  ERR_LEASE_TIMEOUT: [{ connection: '1.2.3', timeout: 50 }, 'not granted within 50 ms'],
  ERR_WORKER_BUSY: [
    { operation: 'getsockopt', connection: '1.2.3' },
    'did not let go of it in time',
    'Try again later',
  ],
  ERR_LEASE_BUSY: [{ connection: '1.2.3' }, 'cannot be granted at once', 'Await lease()'],
  ERR_LEASE_DEADLOCK: [{ connection: '1.2.3' }, 'would wait for ever', 'Release that first'],
  ERR_LEASE_OPERATION: [
    { connection: '1.2.3', syscall: 'setsockopt', errno: 'EINVAL' },
    'setsockopt on connection 1.2.3 failed (EINVAL',
  ],
  ERR_URING_UNAVAILABLE: [
    { operation: 'sendZeroCopy()', reason: 'it needs Linux 6.0' },
    'Not available here: sendZeroCopy() (it needs Linux 6.0).',
  ],
  ERR_RING_CLOSED: [{ operation: 'recv()' }, 'recv() was not done, its ring is closed.'],
  ERR_RING_FULL: [
    { limit: 8, reason: 'a chain of 9' },
    'no more operations now: a chain of 9.',
    'raise "entries" above 8.',
  ],
  ERR_RING_TIMEOUT: [
    { operation: 'recv()', connection: '3.1.1', timeout: 50 },
    'recv() on connection 3.1.1 did not end within 50 ms and was cancelled.',
  ],
  ERR_LEASE_TAINTED: [{ connection: '1.2.3', reason: 'half a frame' }, 'broken: half a frame'],
  ERR_HANDLER_LOAD: [{ handler: 'file:///h.js', reason: 'no export' }, 'file:///h.js', 'no export'],
  ERR_HANDLER_FAILED: [
    { handler: 'file:///h.js', callback: 'message', reason: 'x is undefined' },
    'The handler file:///h.js threw in message(): x is undefined',
  ],
  ERR_WORKER_CRASHED: [{ worker: 3, reason: 'out of memory' }, 'Worker 3 died', 'out of memory'],
  ERR_WORKER_UNRESPONSIVE: [{ worker: 3, timeout: 500 }, 'Worker 3 did not answer for 500 ms'],
  ERR_WORKER_START: [
    { worker: 3, errno: 'EMFILE', reason: 'EMFILE: too many open files' },
    'Worker 3 could not be started: EMFILE: too many open files. Free what ran short',
  ],
  ERR_NESTED_POOL: [{}, 'worker of a pool', '--import', 'isMainThread'],
  ERR_POOL_FAILED: [{ crashes: 5, reason: 'boom' }, 'after 5 crashes', 'boom'],
  ERR_POOL_CLOSED: [{}, 'The pool is closed'],
  ERR_TOO_MANY_CONNECTIONS: [{ limit: 65_536 }, '65536 connections "maxConnections" allows'],
  ERR_LISTEN: [
    { host: '::1', port: 80, errno: 'EACCES' },
    'The target cannot listen on [::1]:80 (EACCES: permission denied).',
  ],
  ERR_SYSTEM: [{ syscall: 'uv_loop_init', errno: 'ENOMEM' }, 'uv_loop_init failed (ENOMEM'],
};

const codes = Object.keys(ERRORS) as ErrorCode[];

describe('messages', () => {
  it.each(codes)('%s says what happened, with its facts', (code) => {
    const [details, ...said] = SAMPLES[code];
    const { message } = createError(code, details);
    for (const text of said) expect(message).toContain(text);
  });

  it.each(codes)('%s reads well without any fact', (code) => {
    const { message } = createError(code);
    expect(message).toMatch(/^["A-Z].*\.$/s);
    expect(message).not.toMatch(/undefined|null|NaN| {2}| \(\)|\.\./);
  });

  it.each(codes)('%s says what to do', (code) => {
    const sentences = createError(code, SAMPLES[code][0]).message.split(/[.:;] /);
    expect(sentences.length).toBeGreaterThan(1);
  });

  it('escapes what a peer could use to forge a line or drive a terminal', () => {
    const { message } = createError('ERR_UPGRADE_REFUSED', {
      status: 400,
      statusText: `a\r\nroot: ok \u001b[2J\u202e${'x'.repeat(500)}`,
    });
    expect(message).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(message).toContain('a\\u000d\\u000aroot: ok \\u001b[2J\\u202e');
    expect(message.length).toBeLessThan(500);
  });

  it('says that it was the worker, and not the peer', () => {
    const late = (details: ErrorDetails) => createError('ERR_HANDSHAKE_TIMEOUT', details).message;
    const phase = 'worker';
    expect(late({ ...peer, phase, worker: 1 })).toContain('worker 1 does not answer');
    expect(late({ ...peer, phase })).toContain('no worker was there');
    expect(createError('ERR_CLOSE_TIMEOUT', { timeout: 5, worker: 0 }).message).toContain(
      'cut after 5 ms: worker 0 does not answer',
    );
  });

  it('says which worker has not loaded which module', () => {
    const late = (details: ErrorDetails) =>
      createError('ERR_HANDSHAKE_TIMEOUT', { ...peer, timeout: 5, ...details }).message;
    const handler = 'file:///h.js';
    expect(late({ phase: 'handler', worker: 1, handler })).toContain(
      `${at} was not open after 5 ms: worker 1 has not loaded the handler file:///h.js. Look for`,
    );
    expect(late({ phase: 'BIO', worker: 0, bio: 'file:///b.js' })).toContain(
      'worker 0 has not loaded the BIO module file:///b.js.',
    );
    expect(late({ phase: 'handler' })).toContain('worker has not loaded the handler. Look');
    const { message } = createError('ERR_HANDLER_LOAD', { bio: 'file:///b.js', reason: 'gone' });
    expect(message).toContain('The BIO module file:///b.js cannot be loaded: gone.');
    expect(message).toContain('defineBio()');
  });

  it('speaks of the connection that ended with its pool', () => {
    const { message } = createError('ERR_POOL_CLOSED', { url: 'ws://h/', connection: '1.2.3' });
    expect(message).toContain('The connection to ws://h/ ended with its pool');
    expect(message).not.toContain('opens no more');
  });

  it('names what the descriptor was for', () => {
    const { message } = createError('ERR_TOO_MANY_FILES', { operation: 'load a module' });
    expect(message).toMatch(/^No file descriptor is left to load a module/);
  });

  it('names a Unix socket, a URL or nobody where there is no host', () => {
    const refused = (details: ErrorDetails) =>
      createError('ERR_CONNECTION_REFUSED', details).message;
    expect(refused({ unixPath: '/run/a.sock' })).toMatch(/^\/run\/a\.sock refused/);
    expect(refused({ url: 'ws://h/' })).toMatch(/^ws:\/\/h\/ refused/);
    expect(refused({ address: '::1', port: 1 })).toMatch(/^\[::1\]:1 refused/);
    expect(refused({})).toMatch(/^The server refused/);
  });

  it('names the subject where a certificate has no other names', () => {
    const { altNames: _, ...details } = certificate;
    expect(createError('ERR_CERT_HOSTNAME', details).message).toContain('only CN=example.com');
  });

  it('hints at missing IPv6 only for IPv6 addresses', () => {
    const message = (address: string) =>
      createError('ERR_LOCAL_PORTS_EXHAUSTED', { address, port: 1 }).message;
    expect(message('::1')).toContain('no IPv6');
    expect(message('127.0.0.1')).not.toContain('IPv6');
  });
});

describe('docs/errors.md', () => {
  const docs = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...docs.matchAll(/^\| `(ERR_\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];

  it('has one row for each code, and none for another', () => {
    expect(rows.map(([, code]) => code).sort()).toEqual([...codes].sort());
  });

  it.each(rows.map(([, code, happened]) => [code as ErrorCode, happened]))(
    '%s: summary and docs agree',
    (code, happened) => expect(happened).toBe(ERRORS[code].summary),
  );
});

describe('classes', () => {
  it('carries code, details and cause, and shows only known facts', () => {
    const cause = new Error('beneath');
    const error = createError('ERR_SOCKET', { host: 'h', port: undefined }, { cause });
    expect(error).toBeInstanceOf(LwsPoolError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'LwsPoolError', code: 'ERR_SOCKET', cause });
    expect(error.details).toEqual({ host: 'h', reason: 'beneath' });
    expect(Object.keys(error.details)).not.toContain('port');
    expect(Object.isFrozen(error.details)).toBe(true);
    expect(inspect(error)).toMatch(/code: 'ERR_SOCKET'/);
  });

  it('prefers a given reason to that of the cause', () => {
    const error = createError('ERR_SYSTEM', { reason: 'mine' }, { cause: new Error('its') });
    expect(error.details.reason).toBe('mine');
  });

  it('has no cause where none was given', () => {
    expect('cause' in createError('ERR_SYSTEM')).toBe(false);
  });

  it('begins its stack at the caller', () => {
    const error = createError('ERR_SYSTEM');
    expect(error.stack).toMatch(/^LwsPoolError: A system call failed/);
    expect(error.stack?.split('\n')[1]).toContain('errors.test.ts');
  });

  it.each(codes)('%s is of the class that belongs to it', (code) => {
    const error = createError(code);
    expect(error instanceof CertificateError).toBe(code.startsWith('ERR_CERT_'));
    expect(error instanceof UpgradeError).toBe(/UPGRADE|ACCEPT|SUBPROTOCOL|EXTENSION/.test(code));
    expect(error.name).toBe(error.constructor.name);
  });

  it('gives an UpgradeError the answer of the server', () => {
    const error = createError('ERR_UPGRADE_REFUSED', {
      ...{ status: 401, statusText: 'Unauthorized', body: 'who are you?' },
      headers: { 'www-authenticate': 'Basic' },
    });
    expectTypeOf(error).toEqualTypeOf<UpgradeError>();
    expect(error.status).toBe(401);
    expect(error.statusText).toBe('Unauthorized');
    expect(error.headers).toEqual({ 'www-authenticate': 'Basic' });
    expect(error.body).toBe('who are you?');
    const bare = createError('ERR_UPGRADE_INVALID');
    expect([bare.status, bare.statusText, bare.headers, bare.body]).toEqual([0, '', {}, '']);
  });

  it('gives a CertificateError the facts of the certificate', () => {
    const error = createError('ERR_CERT_EXPIRED', { ...certificate, reason: 'has expired' });
    expectTypeOf(error).toEqualTypeOf<CertificateError>();
    const { subject, issuer, validFrom, validTo, altNames } = certificate;
    expect(error).toMatchObject({ subject, issuer, validFrom, validTo, altNames });
    expect(error.reason).toBe('has expired');
    expect(createError('ERR_CERT_INVALID').altNames).toEqual([]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorFromNative, isErrorCode } from '../../src/errors/errors.js';

/**
 * All that native code says of its errors: for each code the fields that it sets, and those of them
 * that are for programs alone, not for people.
 */
const WHERE = {
  address: '192.0.2.1',
  localAddress: '192.0.2.9',
};
const FAILED = { ...WHERE, errno: 'EPROTO', syscall: 'connect' };
const CERTIFICATE = {
  ...WHERE,
  reason: 'why it is refused',
  expected: 'other.example',
  subject: 'CN=example.com',
  issuer: 'CN=Some CA',
  validFrom: 'Jan  1 00:00:00 2024 GMT',
  validTo: 'Jan  1 00:00:00 2025 GMT',
  altNames: 'DNS:example.com',
};
const ANSWER = { ...WHERE, status: '403', statusText: 'Not Here', headers: 'X-Field: value\r\n' };

const TABLE: Record<string, [fields: Record<string, string>, ...said: string[]]> = {
  ERR_BIO: [{ ...WHERE, reason: 'no such file' }, 'no such file'],
  ERR_TLS_FLOOD: [{ limit: '64' }, '64'],
  ERR_ABORTED: [WHERE, '192.0.2.1'],
  ERR_MESSAGE_TOO_BIG: [{ reason: 'too long', limit: '10', size: '17' }, '10 bytes', '17 bytes'],
  ERR_PROTOCOL: [{ reason: 'reserved opcode', limit: '10' }, 'reserved opcode'],
  ERR_INVALID_UTF8: [{ reason: 'text is not valid UTF-8', limit: '10' }, 'not UTF-8'],
  ERR_NO_MEMORY: [
    { reason: 'no memory for the message', limit: '10' },
    'no memory for the message',
  ],
  ERR_CONNECTION_LOST: [
    { syscall: 'read', errno: 'EPROTO', reason: 'bad record mac', midMessage: 'true' },
    'read EPROTO',
    'bad record mac',
    'within a message',
  ],
  ERR_CLOSE_TIMEOUT: [{ timeout: '150', unsent: '1234' }, '150 ms', '1234 bytes'],
  ERR_HANDSHAKE_TIMEOUT: [{ ...WHERE, timeout: '150', phase: 'TLS' }, '150 ms', 'TLS'],
  ERR_LEASE_TAINTED: [{ reason: 'half a frame' }, 'half a frame'],
  ERR_UPGRADE_INVALID: [
    {
      ...ANSWER,
      reason: 'its header Upgrade is not "websocket"',
      received: 'h2c',
      expected: 'websocket',
    },
    '403 Not Here',
    'its header Upgrade is not "websocket" but "h2c"',
  ],
  ERR_UPGRADE_REFUSED: [{ ...ANSWER, body: 'go away' }, '403 Not Here'],
  ERR_ACCEPT_MISMATCH: [{ ...ANSWER, received: 'one', expected: 'two' }, '"one"', '"two"'],
  ERR_SUBPROTOCOL: [{ ...ANSWER, received: 'one', expected: 'two, three' }, '"one"', 'two, three'],
  ERR_EXTENSION: [
    { ...ANSWER, received: 'x-compress', parameter: 'x_bits', problem: 'is there twice' },
    '"x_bits" is there twice',
  ],
  ERR_COMPRESSION: [{ reason: 'its data is corrupt', limit: '10' }, 'its data is corrupt'],
  ERR_SOCKET: [FAILED, 'connect EPROTO'],
  ERR_CONNECTION_RESET: [
    { ...FAILED, phase: 'TLS', reason: 'bad record mac' },
    'connect EPROTO',
    'during TLS',
    'bad record mac',
  ],
  ERR_CONNECTION_REFUSED: [{ ...FAILED, unixPath: '/run/x' }, 'connect EPROTO', '/run/x'],
  ERR_UNREACHABLE: [FAILED, 'connect EPROTO', '192.0.2.9'],
  ERR_TOO_MANY_FILES: [FAILED, 'connect EPROTO'],
  ERR_LOCAL_ADDRESS: [FAILED, 'connect EPROTO', '192.0.2.9'],
  ERR_LOCAL_PORTS_EXHAUSTED: [FAILED, 'connect EPROTO', '192.0.2.9'],
  ERR_SYSTEM: [{ reason: 'libwebsockets could not make a vhost' }, 'could not make a vhost'],
  ERR_CERT_EXPIRED: [CERTIFICATE, 'CN=example.com', '2025-01-01'],
  ERR_CERT_NOT_YET_VALID: [CERTIFICATE, 'CN=example.com', '2024-01-01'],
  ERR_CERT_HOSTNAME: [CERTIFICATE, 'other.example', 'DNS:example.com'],
  ERR_CERT_SELF_SIGNED: [CERTIFICATE, 'CN=example.com', 'why it is refused'],
  ERR_CERT_UNKNOWN_CA: [CERTIFICATE, 'CN=example.com', 'CN=Some CA'],
  ERR_CERT_INVALID: [CERTIFICATE, 'CN=example.com', 'why it is refused'],
  ERR_TLS_VERSION: [{ ...WHERE, sslReason: 'unsupported protocol' }, 'unsupported protocol'],
  ERR_TLS_HANDSHAKE: [{ ...WHERE, sslReason: 'no shared cipher' }, 'no shared cipher'],
  ERR_HANDLER_FAILED: [{ reason: 'it threw', callback: 'open' }, 'it threw', 'open()'],
};

/** Fields that never become details: those of other events, and those that are taken apart before. */
const OTHERS = [
  'attempts',
  'closeReason',
  'code',
  'extensions',
  'flightRecord',
  'protocol',
  'text',
  'thrown',
];
/** Those that fit any opening. */
const OF_OPENINGS = ['addressesLeftOut'];

function sources(folder: URL): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(cc|h)$/.test(name))
    .map((name) => readFileSync(join(folder.pathname, name), 'utf8'))
    .join('\n');
}

const native = sources(new URL('../../native/', import.meta.url));
const found = (pattern: RegExp) => [
  ...new Set([...native.matchAll(pattern)].map(([, name]) => name)),
];

describe('what native code knows of an error', () => {
  it('has its place here: every code', () => {
    const codes = found(/"(ERR_[A-Z_]+)"/g);
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => !isErrorCode(code))).toEqual([]);
    expect(codes.filter((code) => TABLE[code as string] === undefined)).toEqual([]);
  });

  it('has its place here: every field', () => {
    const known = new Set([
      ...OTHERS,
      ...OF_OPENINGS,
      ...Object.values(TABLE).flatMap(([fields]) => Object.keys(fields)),
    ]);
    const names = found(/\.set\("(\w+)"/g);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !known.has(name as string))).toEqual([]);
  });

  it.each(Object.entries(TABLE))('arrives: %s', (code, [fields, ...said]) => {
    const bytes = Object.entries(fields).map(([name, text]) => [name, Buffer.from(text)] as const);
    const error = errorFromNative(code as ErrorCode, new Map(bytes));
    for (const name of Object.keys(fields)) {
      const detail = name === 'sslReason' ? 'reason' : name;
      expect(error.details, name).toHaveProperty(detail);
    }
    for (const text of said) expect(error.message).toContain(text);
  });

  it('is text of the head of an answer: Latin-1', () => {
    for (const name of ['statusText', 'received', 'expected']) {
      const fields = new Map([[name, Buffer.from('gr\u00fc\u00dfe', 'latin1')]]);
      const { details } = errorFromNative('ERR_UPGRADE_INVALID', fields);
      expect(details).toEqual({ [name]: 'gr\u00fc\u00dfe' });
    }
  });
});

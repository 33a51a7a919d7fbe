import net from 'node:net';
import tls from 'node:tls';
import type { TlsOptions } from 'lws-pool';
import { createTarget, type Target } from 'lws-pool/target';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../fixtures/certificates.js';
import { event, rejection, usePool } from '../fixtures/pool.js';
import {
  ignore,
  listen,
  readRequest,
  switching,
  tcpServer,
  tlsServer,
} from '../fixtures/servers.js';

/** `tls.ecdhCurve` and `tls.sigalgs` mean what they mean to `node:tls`, which is asked as well. */

const own = usePool();
const hybrid = Number.parseFloat(process.versions.openssl) >= 3.5;
let made: Awaited<ReturnType<typeof createAuthority>>;
/** One for each list of groups, all at once: they share a thread. */
let targets: { any: Target; p256: Target; x25519: Target; algorithm: Target };

beforeAll(async () => {
  made = await createAuthority();
  const { cert, key } = made.valid;
  targets = {
    any: await createTarget({ cert, key, ecdhCurve: 'auto' }),
    p256: await createTarget({ cert, key, ecdhCurve: 'P-256' }),
    x25519: await createTarget({ cert, key, ecdhCurve: 'X25519' }),
    algorithm: await createTarget({ cert, key, sigalgs: 'ecdsa_secp256r1_sha256' }),
  };
});
afterAll(async () => {
  for (const target of Object.values(targets)) await target.close();
});

type Algorithms = Pick<TlsOptions, 'ecdhCurve' | 'sigalgs' | 'maxCachedSessions'>;

/** The group that a connection has come to, and whether it resumed a session. */
async function opened(target: Target, options: Algorithms): Promise<[string, boolean]> {
  const [url = ''] = target.urls;
  const connection = await own.pool.connect(url, { tls: { ca: made.ca, ...options } });
  const answer = event(connection, 'message');
  connection.send('over TLS');
  expect(String((await answer)[0])).toBe('over TLS');
  const facts = await connection.withLease('shared', ({ tls }): [string, boolean] => [
    tls?.group?.toLowerCase() ?? '',
    tls?.sessionReused ?? false,
  ]);
  await connection.close();
  return facts;
}

/** The group that `node:tls` comes to; undefined: it is refused. */
function byNode(target: Target, options: Algorithms): Promise<string | undefined> {
  return new Promise((resolve) => {
    const port = Number(new URL(target.urls[0] ?? '').port);
    const socket = tls.connect({ port, host: '127.0.0.1', ca: made.ca, ...options }, () => {
      const { name, type } = socket.getEphemeralKeyInfo() as { name?: string; type?: string };
      resolve(name ?? type);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
  });
}

/** Each name of a group that OpenSSL has, and that of tls.connect(). */
const SAME: Record<string, string> = { prime256v1: 'secp256r1' };

describe('ecdhCurve', () => {
  it.each<[keyof typeof targets, string, string]>([
    ['any', 'P-256', 'secp256r1'],
    ['any', 'prime256v1', 'secp256r1'],
    ['any', 'X25519', 'x25519'],
    ['any', 'P-384', 'secp384r1'],
    ['x25519', 'P-384:X25519', 'x25519'],
    ['p256', 'X25519:P-256', 'secp256r1'],
    ['p256', 'auto', 'secp256r1'],
  ])('%s, %s: %s', async (target, ecdhCurve, expected) => {
    for (const resumed of [false, true, true]) {
      expect(await opened(targets[target], { ecdhCurve })).toEqual([expected, resumed]);
    }
    const node = (await byNode(targets[target], { ecdhCurve }))?.toLowerCase() ?? '';
    expect(SAME[node] ?? node).toBe(expected);
  });

  it('by default those that OpenSSL offers: a hybrid one where it has any', async () => {
    const expected = hybrid ? 'x25519mlkem768' : 'x25519';
    expect(await opened(targets.any, { maxCachedSessions: 2 })).toEqual([expected, false]);
    expect(await opened(targets.any, { maxCachedSessions: 2 })).toEqual([expected, true]);
  });

  it('is not shared with connections that name others', async () => {
    const one = { ecdhCurve: 'P-384', maxCachedSessions: 3 };
    const other = { ecdhCurve: 'P-521', maxCachedSessions: 3 };
    expect(await opened(targets.any, one)).toEqual(['secp384r1', false]);
    expect(await opened(targets.any, other)).toEqual(['secp521r1', false]);
    expect(await opened(targets.any, one)).toEqual(['secp384r1', true]);
  });

  it('without a group in common there is no connection', async () => {
    const { code } = await rejection(opened(targets.p256, { ecdhCurve: 'X25519' }));
    expect(code).toBe('ERR_TLS_HANDSHAKE');
    expect(await byNode(targets.p256, { ecdhCurve: 'X25519' })).toBe(undefined);
  });

  it.each(['nowhere', 'P-256:nowhere', 'nowhere:P-256', 'P-256:nowhere:other'])(
    'names the group that OpenSSL does not know: %s',
    async (ecdhCurve) => {
      const { code, details, message } = await rejection(opened(targets.any, { ecdhCurve }));
      expect(code).toBe('ERR_TLS_OPTION');
      expect(details.option).toBe('tls.ecdhCurve');
      expect(message).toContain('no group "nowhere"');
      expect(() => tls.createSecureContext({ ecdhCurve })).toThrow();
    },
  );
});

describe('sigalgs', () => {
  it('the server has to sign with one of them', async () => {
    const sigalgs = 'ecdsa_secp256r1_sha256:RSA-PSS+SHA256';
    expect((await opened(targets.any, { sigalgs }))[1]).toBe(false);
    expect((await opened(targets.any, { sigalgs }))[1]).toBe(true);
    expect(await byNode(targets.any, { sigalgs })).toBeDefined();
    const rsa = { sigalgs: 'RSA-PSS+SHA256' };
    expect((await rejection(opened(targets.any, rsa))).code).toBe('ERR_TLS_HANDSHAKE');
    expect(await byNode(targets.any, rsa)).toBe(undefined);
  });

  it('counts for a target', async () => {
    const sigalgs = 'ecdsa_secp256r1_sha256';
    expect((await opened(targets.algorithm, { sigalgs }))[1]).toBe(false);
    const other = { sigalgs: 'ecdsa_secp384r1_sha384' };
    expect((await rejection(opened(targets.algorithm, other))).code).toBe('ERR_TLS_HANDSHAKE');
  });

  it('limits what the ClientHello offers', async () => {
    const socket = new Promise<tls.TLSSocket>((resolve) => {
      void tlsServer(made.valid, resolve).then((port) =>
        own.pool
          .connect(`wss://127.0.0.1:${port}/`, {
            tls: { ca: made.ca, sigalgs: 'ecdsa_secp256r1_sha256' },
          })
          .then((connection) => connection.terminate()),
      );
    });
    const served = await socket;
    expect(served.getSharedSigalgs()).toEqual(['ECDSA+SHA256']);
    served.write(switching(await readRequest(served)));
  });

  it('names the algorithm that OpenSSL does not know', async () => {
    const sigalgs = 'ecdsa_secp256r1_sha256:nowhere';
    const { code, details, message } = await rejection(opened(targets.any, { sigalgs }));
    expect(code).toBe('ERR_TLS_OPTION');
    expect(details.option).toBe('tls.sigalgs');
    expect(message).toContain('no signature algorithm "nowhere"');
    expect(() => tls.createSecureContext({ sigalgs })).toThrow();
  });
});

it.each(['ecdhCurve', 'sigalgs'])('a target refuses an unknown name in %s', async (option) => {
  const { cert, key } = made.valid;
  const error = await rejection(createTarget({ cert, key, [option]: 'nowhere' }));
  expect(error.code).toBe('ERR_TLS_OPTION');
  expect(error.details.option).toBe(option);
  expect(error.message).toContain('"nowhere"');
});

describe('the key shares of a connection that resumes a session', () => {
  /** The groups of the shares that each connection began with: of three, and of three more. */
  async function shares(groups: string, later: string): Promise<number[][]> {
    const seen: number[][] = [];
    const options = { ...made.valid, minVersion: 'TLSv1.3' } as const;
    const server = tls.createServer({ ...options, ecdhCurve: groups }, (socket) => {
      socket.on('error', ignore);
      void readRequest(socket).then((request) => socket.write(switching(request)));
    });
    const behind = await listen(server);
    const port = await tcpServer((socket) => {
      socket.once('data', (hello: Buffer) => seen.push(sharesIn(hello)));
      const onward = net.connect(behind, '127.0.0.1').on('error', ignore);
      socket.pipe(onward).pipe(socket);
    });
    for (let i = 0; i < 6; i++) {
      // Its keys for tickets are other ones, too.
      if (i === 3) server.setSecureContext({ ...options, ecdhCurve: later });
      const tls = { ca: made.ca };
      (await own.pool.connect(`wss://127.0.0.1:${port}/`, { tls })).terminate();
    }
    return seen;
  }

  const [HYBRID, X25519, P384] = [0x11ec, 0x1d, 0x18];

  it.runIf(hybrid)('one, of the group that the server has chosen before', async () => {
    expect(await shares('X25519', 'P-384')).toEqual([
      ...[[HYBRID, X25519], [X25519], [X25519]],
      // Refused, then with everything on offer, then with what it has chosen of that.
      ...[[X25519], [HYBRID, X25519], [P384]],
    ]);
    expect(await shares('X25519MLKEM768', 'X25519MLKEM768:X25519')).toEqual([
      ...[[HYBRID, X25519], [HYBRID], [HYBRID]],
      ...[[HYBRID], [HYBRID, X25519], [HYBRID]],
    ]);
  });

  it.runIf(!hybrid)('one in any case', async () => {
    expect(await shares('X25519', 'P-384')).toEqual(Array(6).fill([X25519]));
  });
});

/** RFC 8446 section 4.2.8. */
function sharesIn(record: Buffer): number[] {
  const groups: number[] = [];
  let at = 5 + 4 + 2 + 32;
  at += 1 + record.readUInt8(at);
  at += 2 + record.readUInt16BE(at);
  at += 1 + record.readUInt8(at) + 2;
  while (at < record.length) {
    const type = record.readUInt16BE(at);
    const end = at + 4 + record.readUInt16BE(at + 2);
    for (let share = at + 6; type === 51 && share < end; ) {
      groups.push(record.readUInt16BE(share));
      share += 4 + record.readUInt16BE(share + 2);
    }
    at = end;
  }
  return groups;
}

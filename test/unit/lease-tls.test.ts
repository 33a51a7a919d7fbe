import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { NativeBio } from '../../src/base/bio-figures.js';
import { createError } from '../../src/errors/errors.js';
import type { LeaseHandle } from '../../src/lease/handle.js';
import { MAKE } from '../../src/lease/internal.js';
import { LeaseTls } from '../../src/lease/tls.js';
import type { NativeLeases, NativeTlsFacts } from '../../src/native.js';
import { createAuthority } from '../fixtures/certificates.js';
import { thrownBy } from './support/thrown.js';

const FACTS: NativeTlsFacts = {
  protocol: 'TLSv1.3',
  cipher: 'ECDHE-RSA-AES128-GCM-SHA256',
  cipherStandard: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  group: 'x25519',
  alpn: 'http/1.1',
  servername: 'example.test',
  chain: [],
  verifyResult: 0,
  verifyText: 'ok',
  sessionReused: true,
  finished: Buffer.from('ours'),
  peerFinished: Buffer.from('theirs'),
  ocspResponse: undefined,
};

/** A lease that can be over, and what is asked of its SSL object. */
function access(facts: Partial<NativeTlsFacts> = {}, isExclusive = true) {
  let over = false;
  const check = () => {
    if (over) throw createError('ERR_CONNECTION_CLOSED');
  };
  const of = {
    tlsFacts: vi.fn((): NativeTlsFacts => ({ ...FACTS, ...facts })),
    tlsPending: vi.fn(() => 7),
    tlsSession: vi.fn((): Buffer | undefined => Buffer.from('session')),
    exportKeyingMaterial: vi.fn(
      (into: Buffer, _label: string, _context: Uint8Array | undefined): boolean | string => {
        into.fill(1);
        return true;
      },
    ),
    read: vi.fn((into: Uint8Array) => into.fill(2).length),
    write: vi.fn((bytes: Uint8Array) => bytes.length),
    updateKeys: vi.fn((_requestPeer: boolean): boolean | string => true),
    shutdownTls: vi.fn((): boolean | string => true),
    bios: vi.fn((): readonly NativeBio[] => [{ type: 'custom' }]),
    pushBio: vi.fn((_bio: unknown): true | string => true),
    popBio: vi.fn((): NativeBio | string => ({ type: 'custom' })),
  };
  const handle: Partial<LeaseHandle> = {
    check,
    require(operation) {
      check();
      if (!isExclusive) throw createError('ERR_LEASE_MODE', { operation, mode: 'shared' });
      return undefined as never;
    },
    call(_what, run) {
      check();
      const call = run as (native: NativeLeases) => unknown;
      return call(of as unknown as NativeLeases) as never;
    },
    move(syscall, tls, bytes) {
      check();
      expect(tls).toBe(true);
      return syscall === 'recv' ? of.read(bytes) : of.write(bytes);
    },
  };
  const tls = LeaseTls[MAKE](handle as LeaseHandle);
  const end = () => {
    over = true;
  };
  return { of, tls, end };
}

const exclusive = (facts?: Partial<NativeTlsFacts>) => access(facts);
const shared = () => access({}, false);

describe('facts', () => {
  it('are what OpenSSL says', () => {
    const { tls } = exclusive();
    expect(tls.protocol).toBe('TLSv1.3');
    expect(tls.cipher).toEqual({ name: FACTS.cipher, standardName: FACTS.cipherStandard });
    expect(tls.group).toBe('x25519');
    expect(tls.alpn).toBe('http/1.1');
    expect(tls.servername).toBe('example.test');
    expect(tls.sessionReused).toBe(true);
    expect(tls.finished).toEqual(Buffer.from('ours'));
    expect(tls.peerFinished).toEqual(Buffer.from('theirs'));
    expect(tls.ocspResponse).toBeUndefined();
    expect(tls.peerCertificate).toBeUndefined();
    expect(tls.peerCertificates).toEqual([]);
  });

  it('that cannot change are read once; those that can, each time', () => {
    const { of, tls } = exclusive();
    expect([tls.protocol, tls.alpn, tls.protocol]).toEqual(['TLSv1.3', 'http/1.1', 'TLSv1.3']);
    expect(of.tlsFacts).toHaveBeenCalledTimes(1);
    expect([tls.pending, tls.pending]).toEqual([7, 7]);
    expect(of.tlsPending).toHaveBeenCalledTimes(2);
    expect([tls.session, tls.session]).toEqual([Buffer.from('session'), Buffer.from('session')]);
    expect(of.tlsSession).toHaveBeenCalledTimes(2);
  });

  it('name an error of verification, and none where there was none', () => {
    const good = exclusive().tls;
    expect([good.verifyResult, good.verifyError]).toEqual([0, undefined]);
    const { tls } = exclusive({ verifyResult: 10, verifyText: 'certificate has expired' });
    expect([tls.verifyResult, tls.verifyError]).toEqual([10, 'certificate has expired']);
  });
});

describe('certificates', () => {
  let authority: Awaited<ReturnType<typeof createAuthority>>;
  beforeAll(async () => {
    authority = await createAuthority();
  });

  it('are those of node:crypto, made once', () => {
    const chain = [authority.valid, authority.root].map(({ cert }) => new X509Certificate(cert));
    const { tls } = exclusive({ chain: chain.map(({ raw }) => raw) });
    expect(tls.peerCertificate).toBeInstanceOf(X509Certificate);
    expect(tls.peerCertificate?.subject).toBe('CN=valid.test');
    expect(tls.peerCertificates.map(({ subject }) => subject)).toEqual([
      'CN=valid.test',
      'CN=lws-pool test CA',
    ]);
    expect(tls.peerCertificates).toBe(tls.peerCertificates);
    expect(tls.peerCertificate).toBe(tls.peerCertificates[0]);
  });
});

const MEMBERS: [name: string, use: (tls: LeaseTls) => unknown][] = [
  ['protocol', (tls) => tls.protocol],
  ['cipher', (tls) => tls.cipher],
  ['group', (tls) => tls.group],
  ['alpn', (tls) => tls.alpn],
  ['servername', (tls) => tls.servername],
  ['peerCertificate', (tls) => tls.peerCertificate],
  ['peerCertificates', (tls) => tls.peerCertificates],
  ['verifyResult', (tls) => tls.verifyResult],
  ['verifyError', (tls) => tls.verifyError],
  ['session', (tls) => tls.session],
  ['sessionReused', (tls) => tls.sessionReused],
  ['finished', (tls) => tls.finished],
  ['peerFinished', (tls) => tls.peerFinished],
  ['ocspResponse', (tls) => tls.ocspResponse],
  ['pending', (tls) => tls.pending],
  ['exportKeyingMaterial', (tls) => tls.exportKeyingMaterial(1, 'x')],
  ['read', (tls) => tls.read(Buffer.alloc(1))],
  ['write', (tls) => tls.write(Buffer.alloc(1))],
  ['write of nothing', (tls) => tls.write(Buffer.alloc(0))],
  ['updateKeys', (tls) => tls.updateKeys()],
  ['shutdown', (tls) => tls.shutdown()],
];

describe.each(['never used', 'used before'])('a lease that is over, its TLS %s', (history) => {
  it.each(MEMBERS)('throws its error at %s', (_, use) => {
    const { tls, end } = exclusive();
    if (history === 'used before') expect(tls.peerCertificates).toEqual([]);
    end();
    expect(thrownBy(() => use(tls)).code).toBe('ERR_CONNECTION_CLOSED');
  });
});

describe('keying material', () => {
  it('is asked for with length, label and context', () => {
    const { of, tls } = exclusive();
    const context = new Uint8Array([1, 2]);
    expect(tls.exportKeyingMaterial(3, 'label')).toEqual(Buffer.from([1, 1, 1]));
    expect(of.exportKeyingMaterial).toHaveBeenLastCalledWith(
      expect.objectContaining({ length: 3 }),
      'label',
      undefined,
    );
    tls.exportKeyingMaterial(65_535, 'label', context);
    expect(of.exportKeyingMaterial).toHaveBeenLastCalledWith(
      expect.objectContaining({ length: 65_535 }),
      'label',
      context,
    );
    tls.exportKeyingMaterial(1, 'label', Buffer.alloc(65_535));
  });

  it.each<[argument: string, given: unknown[]]>([
    ['length', [0, 'label']],
    ['length', [65_536, 'label']],
    ['length', [1.5, 'label']],
    ['length', [Number.NaN, 'label']],
    ['length', ['32', 'label']],
    ['label', [32, '']],
    ['label', [32, undefined]],
    ['label', [32, Buffer.from('label')]],
    ['context', [32, 'label', 'context']],
    ['context', [32, 'label', null]],
    ['context', [32, 'label', Buffer.alloc(65_536)]],
  ])('refuses a wrong %s: %j', (argument, given) => {
    const { of, tls } = exclusive();
    const error = thrownBy(() => Reflect.apply(tls.exportKeyingMaterial, tls, given));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', details: { argument } });
    expect(of.exportKeyingMaterial).not.toHaveBeenCalled();
  });

  it('that OpenSSL refuses is an error with its reason', () => {
    const { of, tls } = exclusive();
    of.exportKeyingMaterial.mockReturnValue('tls illegal exporter label');
    expect(thrownBy(() => tls.exportKeyingMaterial(32, 'key expansion'))).toMatchObject({
      code: 'ERR_TLS_OPERATION',
      details: { operation: 'exportKeyingMaterial()', reason: 'tls illegal exporter label' },
    });
  });
});

describe('a shared lease', () => {
  it.each(['read', 'write', 'updateKeys', 'shutdown', 'pushBio', 'popBio'])(
    'refuses %s()',
    (name) => {
      const { of, tls } = shared();
      const error = thrownBy(() => Reflect.apply(Reflect.get(tls, name), tls, [Buffer.alloc(1)]));
      expect(error).toMatchObject({
        code: 'ERR_LEASE_MODE',
        details: { operation: `${name}()`, mode: 'shared' },
      });
      expect(Reflect.get(of, name === 'shutdown' ? 'shutdownTls' : name)).not.toHaveBeenCalled();
    },
  );

  it('tells all that an exclusive one does', () => {
    const { tls } = shared();
    expect([tls.protocol, tls.pending]).toEqual(['TLSv1.3', 7]);
    expect(tls.exportKeyingMaterial(2, 'label')).toHaveLength(2);
  });
});

describe('an exclusive lease', () => {
  it('reads and writes bytes', () => {
    const { of, tls } = exclusive();
    const into = new Uint8Array(3);
    expect(tls.read(into)).toBe(3);
    expect([...into]).toEqual([2, 2, 2]);
    of.read.mockReturnValue(-1);
    expect(tls.read(into)).toBe(-1);
    expect(tls.write(Buffer.from('four'))).toBe(4);
    of.write.mockClear();
    expect(tls.write(new Uint8Array(0))).toBe(0); // OpenSSL leaves open what that would be
    expect(of.write).not.toHaveBeenCalled();
  });

  it.each<[method: 'read' | 'write', argument: string, given: unknown]>([
    ['read', 'into', new Uint8Array(0)],
    ['read', 'into', undefined],
    ['read', 'into', new ArrayBuffer(8)],
    ['write', 'bytes', 'text'],
    ['write', 'bytes', null],
  ])('refuses %s() with a wrong %s: %j', (method, argument, given) => {
    const { of, tls } = exclusive();
    const error = thrownBy(() => Reflect.apply(tls[method], tls, [given]));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', details: { argument } });
    expect(of[method]).not.toHaveBeenCalled();
  });

  it('updates keys, and asks the peer to where that is wanted', () => {
    const { of, tls } = exclusive();
    expect(tls.updateKeys()).toBe(true);
    expect(of.updateKeys).toHaveBeenLastCalledWith(false);
    of.updateKeys.mockReturnValue(false);
    expect(tls.updateKeys({ requestPeer: true })).toBe(false);
    expect(of.updateKeys).toHaveBeenLastCalledWith(true);
  });

  it.each([
    [null, undefined],
    [true, undefined],
    [{ requestPeer: 1 }, 'requestPeer'],
    [{ peer: true }, 'peer'],
  ])('refuses updateKeys(%j)', (options, option) => {
    const { of, tls } = exclusive();
    const error = thrownBy(() => Reflect.apply(tls.updateKeys, tls, [options]));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    if (option !== undefined) expect(error.details.option).toBe(option);
    expect(of.updateKeys).not.toHaveBeenCalled();
  });

  it('has no new keys in TLS 1.2', () => {
    const { of, tls } = exclusive({ protocol: 'TLSv1.2' });
    const error = thrownBy(() => tls.updateKeys());
    expect(error).toMatchObject({
      code: 'ERR_TLS_OPERATION',
      details: { operation: 'updateKeys()', reason: 'TLSv1.2 has no key update' },
    });
    expect(error.message).toContain('"tls.minVersion"');
    expect(of.updateKeys).not.toHaveBeenCalled();
  });

  it('says whether close_notify has left', () => {
    const { of, tls } = exclusive();
    of.shutdownTls.mockReturnValueOnce(false);
    expect([tls.shutdown(), tls.shutdown()]).toEqual([false, true]);
  });

  it.each(['updateKeys', 'shutdown'] as const)('%s() fails with the reason', (method) => {
    const { of, tls } = exclusive();
    of[method === 'shutdown' ? 'shutdownTls' : method].mockReturnValue('EPIPE');
    expect(thrownBy(() => tls[method]())).toMatchObject({
      code: 'ERR_TLS_OPERATION',
      details: { operation: `${method}()`, reason: 'EPIPE' },
    });
  });
});

describe('BIOs', () => {
  it('are told from the socket upwards, and found by type from the top', () => {
    const { of, tls } = exclusive();
    const fault = (seed: number) => ({ type: 'fault', seed, injected: 0n }) as const;
    of.bios.mockReturnValue([fault(1), { type: 'custom' }, fault(2)]);
    expect(tls.bios).toHaveLength(3);
    expect(tls.bio('fault')).toEqual(fault(2));
    expect(tls.bio('counter')).toBeUndefined();
  });

  it('are checked before they are pushed, and refused with the reason', () => {
    const { of, tls } = exclusive();
    expect(thrownBy(() => tls.pushBio({ type: 'none' } as never)).code).toBe('ERR_INVALID_OPTION');
    expect(of.pushBio).not.toHaveBeenCalled();
    of.pushBio.mockReturnValue('not now');
    of.popBio.mockReturnValue('not now');
    for (const act of [() => tls.pushBio({ type: 'counter' }), () => tls.popBio()]) {
      expect(thrownBy(act)).toMatchObject({
        code: 'ERR_TLS_OPERATION',
        details: { reason: 'not now' },
      });
    }
  });
});

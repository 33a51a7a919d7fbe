import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Trust } from '../../src/pool/trust.js';

const [FIRST = '', SECOND = ''] = rootCertificates.map((pem) =>
  new X509Certificate(pem).toString(),
);
const BROKEN = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

let directory: string;
const warn = vi.spyOn(process, 'emitWarning');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lws-pool-trust-'));
  warn.mockReset().mockReturnValue();
});

afterEach(() => {
  rmSync(directory, { recursive: true });
  vi.unstubAllEnvs();
  vi.doUnmock('node:tls');
});

/** What a process trusts that is started with this content in NODE_EXTRA_CA_CERTS. */
async function trustWith(content: string | undefined): Promise<readonly string[]> {
  const file = join(directory, 'extra.pem');
  if (content !== undefined) writeFileSync(file, content);
  vi.stubEnv('NODE_EXTRA_CA_CERTS', file);
  return (await freshTrust()).certificates.map((pem) => pem.trim());
}

/** As in a Node.js that does not tell its authorities. */
async function freshTrust(): Promise<Trust> {
  const { defaultTrust } = await load(undefined);
  const trust = defaultTrust();
  vi.stubEnv('NODE_EXTRA_CA_CERTS', join(directory, 'changed-later.pem'));
  expect(defaultTrust()).toBe(trust);
  return trust;
}

/** The module, in a Node.js with that function, or without. */
async function load(getCACertificates: ((type: string) => readonly string[]) | undefined) {
  vi.resetModules();
  vi.doMock('node:tls', () => ({ default: { rootCertificates, getCACertificates } }));
  return await import('../../src/pool/trust.js');
}

const roots = rootCertificates.map((pem) => pem.trim());

describe('defaultTrust, where Node does not tell', () => {
  it("is Node's own roots", async () => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', undefined);
    const { certificates, openSslPaths } = await freshTrust();
    expect(certificates).toEqual(rootCertificates);
    expect(openSslPaths).toBe(false);
    vi.stubEnv('NODE_EXTRA_CA_CERTS', '');
    expect((await freshTrust()).certificates).toHaveLength(roots.length);
    expect(warn).not.toHaveBeenCalled();
  });

  it('is none of them with --use-openssl-ca', async () => {
    vi.stubEnv('NODE_OPTIONS', '--use-openssl-ca');
    expect(await trustWith(FIRST)).toEqual([FIRST.trim()]);
    expect((await freshTrust()).openSslPaths).toBe(true);
  });

  it('adds the certificates of NODE_EXTRA_CA_CERTS, and nothing else of that file', async () => {
    const old = SECOND.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE');
    const key = '-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n';
    const trust = await trustWith(`My CA\n${FIRST}\r\n${key}\n# and\n${old}`);
    expect(trust.slice(roots.length)).toEqual([FIRST.trim(), SECOND.trim()]);
    expect(trust.join('')).not.toContain('secret');
    expect(warn).not.toHaveBeenCalled();
  });

  it('warns of a file it cannot read, and goes on', async () => {
    expect(await trustWith(undefined)).toHaveLength(roots.length);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.lastCall?.[0]).toMatch(
      /^Ignoring extra certs from `.*extra\.pem`, load failed: ENOENT/,
    );
  });

  it('warns of a certificate that is broken, and keeps those before it', async () => {
    const trust = await trustWith(`${FIRST}\n${BROKEN}\n${SECOND}`);
    expect(trust.slice(roots.length)).toEqual([FIRST.trim()]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('takes a file without certificates as Node does: without a word', async () => {
    expect(await trustWith('nothing here')).toHaveLength(roots.length);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('defaultTrust, where Node tells', () => {
  it('is what it tells, the same object until that changes', async () => {
    let told: readonly string[] = [FIRST];
    vi.stubEnv('NODE_EXTRA_CA_CERTS', join(directory, 'is not looked at.pem'));
    const { defaultTrust } = await load(() => told);
    const first = defaultTrust();
    expect(first).toEqual({ certificates: [FIRST], openSslPaths: false });
    expect(defaultTrust()).toBe(first);
    told = [];
    expect(defaultTrust()).toEqual({ certificates: [], openSslPaths: false });
    expect(warn).not.toHaveBeenCalled();
  });

  it('with --use-openssl-ca looks where OpenSSL looks, until the program sets others', async () => {
    vi.stubEnv('NODE_OPTIONS', '--use-openssl-ca');
    vi.stubEnv('NODE_EXTRA_CA_CERTS', join(directory, 'read by Node.pem'));
    let told: readonly string[] = [FIRST, SECOND];
    const { defaultTrust } = await load((type) => (type === 'extra' ? [SECOND] : told));
    expect(defaultTrust()).toEqual({ certificates: [SECOND], openSslPaths: true });
    told = [];
    expect(defaultTrust()).toEqual({ certificates: [], openSslPaths: false });
  });
});

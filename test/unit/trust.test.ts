import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

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
});

/** What a process trusts that is started with this content in NODE_EXTRA_CA_CERTS. */
async function trustWith(content: string | undefined): Promise<string[]> {
  const file = join(directory, 'extra.pem');
  if (content !== undefined) writeFileSync(file, content);
  vi.stubEnv('NODE_EXTRA_CA_CERTS', file);
  return certificates(await freshTrust());
}

async function freshTrust(): Promise<string> {
  vi.resetModules();
  const { defaultTrust } = await import('../../src/pool/trust.js');
  const trust = defaultTrust();
  vi.stubEnv('NODE_EXTRA_CA_CERTS', join(directory, 'changed-later.pem'));
  expect(defaultTrust()).toBe(trust);
  return trust;
}

function certificates(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

describe('defaultTrust', () => {
  it("is Node's own roots", async () => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', undefined);
    expect(certificates(await freshTrust())).toEqual(rootCertificates.map((pem) => pem.trim()));
    vi.stubEnv('NODE_EXTRA_CA_CERTS', '');
    expect(certificates(await freshTrust())).toHaveLength(rootCertificates.length);
    expect(warn).not.toHaveBeenCalled();
  });

  it('adds the certificates of NODE_EXTRA_CA_CERTS, and nothing else of that file', async () => {
    const old = SECOND.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE');
    const key = '-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n';
    const trust = await trustWith(`My CA\n${FIRST}\r\n${key}\n# and\n${old}`);
    expect(trust.slice(rootCertificates.length)).toEqual([FIRST.trim(), SECOND.trim()]);
    expect(trust.join('')).not.toContain('secret');
    expect(warn).not.toHaveBeenCalled();
  });

  it('warns of a file it cannot read, and goes on', async () => {
    expect(await trustWith(undefined)).toHaveLength(rootCertificates.length);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.lastCall?.[0]).toMatch(
      /^Ignoring extra certs from `.*extra\.pem`, load failed: ENOENT/,
    );
  });

  it('warns of a certificate that is broken, and keeps those before it', async () => {
    const trust = await trustWith(`${FIRST}\n${BROKEN}\n${SECOND}`);
    expect(trust.slice(rootCertificates.length)).toEqual([FIRST.trim()]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('takes a file without certificates as Node does: without a word', async () => {
    expect(await trustWith('nothing here')).toHaveLength(rootCertificates.length);
    expect(warn).not.toHaveBeenCalled();
  });
});

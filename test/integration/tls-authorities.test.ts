import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../fixtures/certificates.js';
import { readRequest, switching, tlsServer } from '../fixtures/servers.js';

/**
 * Whom a pool trusts without `ca` is whom `node:tls` trusts: both are asked in the same process, which
 * is started with the flags and variables that have a say.
 */

const program = fileURLToPath(new URL('../fixtures/programs/trust.mjs', import.meta.url));
let made: Awaited<ReturnType<typeof createAuthority>>;
let directory: string;
let ours: string;
let other: string;
/** A folder as SSL_CERT_DIR takes it: the file is named after the hash of the subject. */
let folder: string;

beforeAll(async () => {
  made = await createAuthority();
  directory = mkdtempSync(join(tmpdir(), 'lws-pool-authorities-'));
  [ours, other] = [join(directory, 'ca.pem'), join(directory, 'other.pem')];
  folder = join(directory, 'folder');
  writeFileSync(ours, made.ca);
  writeFileSync(other, made.selfSigned.cert);
  mkdirSync(folder);
  const hash = execFileSync('openssl', ['x509', '-hash', '-noout', '-in', ours]).toString().trim();
  copyFileSync(ours, join(folder, `${hash}.0`));
  return () => rmSync(directory, { recursive: true });
});

const TRUSTED = ['trusted', 'trusted'];
const REFUSED = ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_CERT_UNKNOWN_CA'];

interface Start {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Given to tls.setDefaultCACertificates() one after the other; `-`: none. */
  readonly files?: readonly string[];
}

/** What `node:tls` and the pool say of a server of ours, for each set of authorities. */
async function asked({ flags = [], env = {}, files = [] }: Start): Promise<unknown[]> {
  const port = await tlsServer(made.valid, (socket) => {
    void readRequest(socket).then((request) => socket.write(switching(request)));
  });
  const { NODE_EXTRA_CA_CERTS, NODE_OPTIONS, SSL_CERT_FILE, SSL_CERT_DIR, ...rest } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, program, String(port), ...files],
    { env: { ...rest, ...env } },
  );
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const knows = (flag: string) => process.allowedNodeEnvironmentFlags.has(flag);
const canSet = 'setDefaultCACertificates' in tls;

describe('whom nobody else names, the pool trusts as node:tls does', () => {
  it('with no flag: the roots of Node', async () => {
    expect(await asked({})).toEqual([REFUSED]);
    expect(await asked({ env: { SSL_CERT_FILE: ours } })).toEqual([REFUSED]);
    expect(await asked({ flags: ['--use-bundled-ca'] })).toEqual([REFUSED]);
  });

  it('NODE_EXTRA_CA_CERTS', async () => {
    const env = { NODE_EXTRA_CA_CERTS: ours };
    expect(await asked({ env })).toEqual([TRUSTED]);
    expect(await asked({ env, flags: ['--use-openssl-ca'] })).toEqual([TRUSTED]);
  });

  it('--use-openssl-ca: a file', async () => {
    const env = { SSL_CERT_FILE: ours };
    expect(await asked({ env, flags: ['--use-openssl-ca'] })).toEqual([TRUSTED]);
    expect(await asked({ env, flags: ['--use_openssl_ca'] })).toEqual([TRUSTED]);
    expect(await asked({ env: { SSL_CERT_FILE: other }, flags: ['--use-openssl-ca'] })).toEqual([
      REFUSED,
    ]);
    expect(await asked({ env, flags: ['--use-openssl-ca', '--no-use-openssl-ca'] })).toEqual([
      TRUSTED,
    ]);
  });

  it('--use-openssl-ca: a folder', async () => {
    const env = { SSL_CERT_DIR: folder, SSL_CERT_FILE: other };
    expect(await asked({ env, flags: ['--use-openssl-ca'] })).toEqual([TRUSTED]);
  });

  it('the flag in NODE_OPTIONS', async () => {
    const env = { SSL_CERT_FILE: ours, NODE_OPTIONS: '--no-warnings --use-openssl-ca' };
    expect(await asked({ env })).toEqual([TRUSTED]);
    // It takes nothing back of what node:tls does.
    expect(await asked({ env, flags: ['--no-use-openssl-ca'] })).toEqual([TRUSTED]);
  });
});

describe.runIf(knows('--use-system-ca'))('the authorities of the system', () => {
  it('--use-system-ca', async () => {
    const env = { SSL_CERT_FILE: ours };
    expect(await asked({ env, flags: ['--use-system-ca'] })).toEqual([TRUSTED]);
    expect(await asked({ env, flags: ['--use-system-ca', '--use-bundled-ca'] })).toEqual([TRUSTED]);
    expect(await asked({ env: { ...env, NODE_OPTIONS: '--use-system-ca' } })).toEqual([TRUSTED]);
  });

  it('NODE_USE_SYSTEM_CA, where Node knows it', async () => {
    const [said] = await asked({ env: { SSL_CERT_FILE: ours, NODE_USE_SYSTEM_CA: '1' } });
    expect([TRUSTED, REFUSED]).toContainEqual(said);
  });
});

describe.runIf(canSet)('tls.setDefaultCACertificates()', () => {
  it('has a say in all connections after it, as often as it is called', async () => {
    const files = [ours, other, '-', ours];
    const expected = [REFUSED, TRUSTED, REFUSED, REFUSED, TRUSTED];
    expect(await asked({ files })).toEqual(expected);
  });

  it('takes the place of what flags and variables name', async () => {
    const env = { SSL_CERT_FILE: ours, NODE_EXTRA_CA_CERTS: ours };
    const expected = [TRUSTED, REFUSED, REFUSED, TRUSTED];
    const files = [other, '-', ours];
    expect(await asked({ env, files })).toEqual(expected);
    expect(await asked({ env, files, flags: ['--use-openssl-ca'] })).toEqual(expected);
  });
});

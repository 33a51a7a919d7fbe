import { isIP } from 'node:net';
import { generate, type SubjectAltNameEntry } from 'selfsigned';

/** What a TLS server shows. PEM texts. */
export interface ServerIdentity {
  readonly cert: string;
  readonly key: string;
  /** The authority that clients have to trust; undefined: one that is not ours to name. */
  readonly ca: string | undefined;
}

const HOSTS = ['localhost', '127.0.0.1', '::1'];
const HOUR = 60 * 60 * 1000;
/** Long enough for every run, and useless to whoever finds the key later. */
const VALID = 30 * 24 * HOUR;

/**
 * Makes an authority and a server certificate of it, for this machine's loopback names and `host`.
 * The authority's key is forgotten: it signs nothing else.
 */
export async function makeIdentity(host: string): Promise<ServerIdentity> {
  const now = Date.now();
  const common = {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // Clocks of other machines may be behind.
    notBeforeDate: new Date(now - HOUR),
    notAfterDate: new Date(now + VALID),
  } as const;
  const authority = await generate(named('lws-pool test authority'), {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate(named('localhost'), {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [...new Set([...HOSTS, host])].map(altName) },
    ],
  });
  return { cert: server.cert, key: server.private, ca: authority.cert };
}

function named(value: string) {
  return [{ name: 'commonName', value }];
}

function altName(host: string): SubjectAltNameEntry {
  return isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host };
}

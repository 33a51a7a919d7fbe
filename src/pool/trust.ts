import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { escaped } from '../errors/phrases.js';
import { usesOpenSslAuthorities } from './openssl-flag.js';

/** What Node trusts where nothing else is named. Frozen. */
export interface Trust {
  /** PEM, a certificate each. */
  readonly certificates: readonly string[];
  /** What SSL_CERT_FILE and SSL_CERT_DIR name as well, or OpenSSL's own paths. */
  readonly openSslPaths: boolean;
}

/** Node.js 22.15 and newer, whatever the types of the oldest say. A frozen array until it changes. */
const { getCACertificates } = tls as {
  getCACertificates?: (type: 'default' | 'extra') => readonly string[];
};

const usesOpenSsl = usesOpenSslAuthorities();
// Later ones are set by the program, and stand for OpenSSL's paths no more. Only with the flag: the
// import is not to make strings of all certificates.
const atFirst = usesOpenSsl ? getCACertificates?.('default') : undefined;

let latest: Trust | undefined;
/** What Node told when that was made. */
let told: readonly string[] | undefined;

/**
 * The certificates that `node:tls` trusts at this moment on this thread where `ca` is not given: the
 * roots that Node ships, those of the system with `--use-system-ca`, those of NODE_EXTRA_CA_CERTS,
 * what OpenSSL finds with `--use-openssl-ca`, or those given to `tls.setDefaultCACertificates()`.
 *
 * Returns the same object until they change. It costs the call of a function.
 *
 * Before Node.js 22.15, which cannot tell them, the file of NODE_EXTRA_CA_CERTS is read here, once, as
 * Node reads it. If it cannot be read, or a certificate in it is broken, that is a process warning
 * and no failure.
 */
export function defaultTrust(): Trust {
  const now = getCACertificates?.('default');
  if (latest !== undefined && now === told) return latest;
  told = now;
  latest = Object.freeze(trustFrom(now));
  return latest;
}

function trustFrom(certificates: readonly string[] | undefined): Trust {
  if (certificates === undefined) return { certificates: byHand(), openSslPaths: usesOpenSsl };
  if (!usesOpenSsl || certificates !== atFirst) return { certificates, openSslPaths: false };
  const hasExtra = process.env.NODE_EXTRA_CA_CERTS;
  return { certificates: (hasExtra && getCACertificates?.('extra')) || [], openSslPaths: true };
}

function byHand(): readonly string[] {
  return [
    ...(usesOpenSsl ? [] : tls.rootCertificates),
    ...extraCertificates(process.env.NODE_EXTRA_CA_CERTS),
  ];
}

/** The certificates in a file, up to the first that is broken. */
function extraCertificates(file: string | undefined): string[] {
  if (file === undefined || file === '') return [];
  const read: string[] = [];
  try {
    for (const [pem] of readFileSync(file, 'latin1').matchAll(CERTIFICATE)) {
      read.push(new X509Certificate(pem).toString());
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(escaped(`Ignoring extra certs from \`${file}\`, load failed: ${reason}`));
  }
  return read;
}

/** RFC 7468 section 5; the other two labels are old ones that OpenSSL still reads. */
const CERTIFICATE =
  /-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END \1?CERTIFICATE-----/g;

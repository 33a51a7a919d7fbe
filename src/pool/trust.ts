import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { escaped } from '../errors/phrases.js';

let trust: string | undefined;

/**
 * The certificates to trust where `tls.ca` is not given, as PEM: the roots that Node ships and
 * those of the file named by NODE_EXTRA_CA_CERTS, as Node's own `tls` does it.
 *
 * Made at the first call and kept, as Node reads the variable once for the process. A file that
 * cannot be read, or a certificate in it that is broken, is a process warning and no failure.
 */
export function defaultTrust(): string {
  trust ??= [...rootCertificates, ...extraCertificates(process.env.NODE_EXTRA_CA_CERTS)]
    .map((pem) => pem.trimEnd())
    .join('\n')
    .concat('\n');
  return trust;
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

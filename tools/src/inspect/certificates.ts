import type { X509Certificate } from 'node:crypto';
import type { CertificateReport } from './report.js';

const DAY = 24 * 60 * 60 * 1000;

/** @param now milliseconds since the epoch */
export function certificateReport(certificate: X509Certificate, now: number): CertificateReport {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    validFrom: instant(from),
    validTo: instant(to),
    daysLeft: Math.floor((to.getTime() - now) / DAY),
    altNames: splitNames(certificate.subjectAltName ?? ''),
    ...keyOf(certificate),
    serialNumber: certificate.serialNumber,
    fingerprint256: certificate.fingerprint256,
  };
}

/** Node writes one part of a name on each line. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

function instant(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString();
}

/** Names in quotes, which Node writes around those that hold commas, stay whole. */
function splitNames(list: string): string[] {
  return (list.match(/(?:"(?:[^"\\]|\\.)*"|[^",])+/g) ?? []).map((name) => name.trim());
}

function keyOf(certificate: X509Certificate): Pick<CertificateReport, 'keyType' | 'keySize'> {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
    return {
      keyType: asymmetricKeyType ?? null,
      keySize: asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve ?? null,
    };
  } catch {
    // A kind of key that OpenSSL does not know.
    return { keyType: null, keySize: null };
  }
}

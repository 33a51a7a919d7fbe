import type { CertificateReport, TlsReport } from './report.js';

/** Below this a certificate should be renewed: most are some two weeks before. */
const FEW_DAYS = 14;
/** NIST SP 800-131A: RSA keys that are shorter are no longer good enough. */
const LEAST_RSA_BITS = 2048;

/** What works today and should be looked after. */
export function warningsOf(tls: TlsReport | null): string[] {
  if (tls === null) return [];
  const warnings = tls.chain.flatMap(certificateWarnings);
  if (tls.source === 'connection' && !tls.verified) {
    warnings.unshift(`The certificate was overlooked (--insecure): ${tls.verifyError}.`);
  }
  if (/^(SSLv|TLSv1$|TLSv1\.1$)/.test(tls.version)) {
    warnings.push(`${tls.version} is outdated (RFC 8996).`);
  }
  return warnings;
}

function certificateWarnings(certificate: CertificateReport): string[] {
  const { subject, daysLeft, keyType, keySize } = certificate;
  const warnings: string[] = [];
  if (daysLeft >= 0 && daysLeft < FEW_DAYS) {
    const days = daysLeft === 1 ? '1 day' : `${daysLeft} days`;
    warnings.push(`The certificate "${subject}" expires in ${days}.`);
  }
  if (keyType === 'rsa' && typeof keySize === 'number' && keySize < LEAST_RSA_BITS) {
    warnings.push(`The certificate "${subject}" has an RSA key of only ${keySize} bits.`);
  }
  return warnings;
}
